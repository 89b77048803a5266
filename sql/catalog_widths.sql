-- The lengths of the AppView's varchar columns as this database has them, in characters.
-- -1 stands for no limit.
select c.relname::text as "table", a.attname::text as "column",
       case when a.atttypmod > 4 then a.atttypmod - 4 else -1 end as width
from pg_attribute a
join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and a.attnum > 0 and not a.attisdropped
  and a.atttypid in ('varchar'::regtype, 'text'::regtype)
