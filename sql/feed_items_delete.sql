-- Removes the feed items of deleted posts and reposts, once those are gone.
-- In: stage_deletes of kind {table} ('posts' or 'reposts'), after the records' own deletes.
delete from feed_items f
using stage_deletes d
where d.kind = '{table}' and f.uri = d.uri
  and not exists (select from {table} t where t.uri = d.uri offset 0)
