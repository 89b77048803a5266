-- Indexes of the tables that are filled, but for those that foreign keys lean on.
-- Out: a statement that drops one, and a statement that makes it again.
select case when k.oid is null then format('drop index %s', i.indexrelid::regclass)
            else format('alter table %s drop constraint %I', i.indrelid::regclass, k.conname) end,
       case when k.oid is null then pg_get_indexdef(i.indexrelid)
            else format('alter table %s add constraint %I %s', i.indrelid::regclass, k.conname,
                        pg_get_constraintdef(k.oid)) end
from pg_index i
left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u')
where i.indrelid in ('users'::regclass, 'posts'::regclass, 'likes'::regclass, 'reposts'::regclass,
                     'follows'::regclass, 'feed_items'::regclass, 'post_aggregations'::regclass)
  and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid)
order by pg_relation_size(i.indrelid) desc
