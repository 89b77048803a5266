-- Every table of schemas public and forebay, with what the measurement of the floor needs.
-- Out: three statements, and whether it refers to another: keep the rows aside; empty the table, and those that refer to it; put the
-- rows in again in the order of the primary key, or of the unique key of a table that has none.
select format('create unlogged table bench_floor.%I as table %I.%I',
              n.nspname || '.' || c.relname, n.nspname, c.relname),
       format('truncate %I.%I cascade', n.nspname, c.relname),
       format('insert into %I.%I overriding system value select * from bench_floor.%I order by %s',
              n.nspname, c.relname, n.nspname || '.' || c.relname,
              (select string_agg(quote_ident(a.attname), ', ' order by k.n)
               from unnest(i.indkey::int2[]) with ordinality as k (attnum, n)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum)),
       exists (select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select i.indkey from pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indexprs is null
    order by i.indisprimary desc, i.indexrelid
    limit 1
) i
where n.nspname in ('public', 'forebay') and c.relkind = 'r'
