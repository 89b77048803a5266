-- In: names of tables. Out: their columns in schema public, with the type as PostgreSQL writes it,
-- whether a null is refused, and whether an insert may leave the column out. From the catalog, not
-- from information_schema: that one hides what the role has no right to.
select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.atthasdef or a.attidentity <> '' or a.attgenerated <> ''
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = to_regnamespace('public')
  and c.relkind in ('r', 'p')
  and c.relname = any ($1::text[])
order by c.relname, a.attnum
