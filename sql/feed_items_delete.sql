-- Removes the feed items of deleted posts and reposts, once those are gone.
-- In: stage_deletes of kind {table} ('posts' or 'reposts'), after the records' own deletes.
delete from feed_items f
where f.uri = any (array(
    select d.uri from stage_deletes d
    where d.kind = '{table}' and not exists (select from {table} t where t.uri = d.uri offset 0)
))
