-- In: names of tables. Out: their unique keys in schema public, the columns sorted by name; only
-- such as "on conflict" can use: whole, valid, not deferrable, over plain columns.
select c.relname::text,
       (select array_agg(a.attname::text order by a.attname::text collate "C")
        from unnest(i.indkey::int2[]) with ordinality as k (attnum, n)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where k.n <= i.indnkeyatts)
from pg_class c
join pg_index i on i.indrelid = c.oid
where c.relnamespace = to_regnamespace('public')
  and c.relname = any ($1::text[])
  and i.indisunique and i.indimmediate and i.indisvalid
  and i.indpred is null and i.indexprs is null
