-- Every table of schemas public and forebay, with what the measurement of the floor needs.
-- In: $1 the transaction after which the rows were written that are meant; NULL for all rows.
-- Out: three statements, and whether it refers to another: keep the rows aside; remove them from the
-- table (where all are meant, also from those that refer to it); put them in again in the order of the
-- primary key, or of the unique key of a table that has none. Tables that refer to others come first.
select format('create unlogged table bench_floor.%I as select * from %I.%I t %s',
              n.nspname || '.' || c.relname, n.nspname, c.relname, since.condition),
       case when $1::text is null then format('truncate %I.%I cascade', n.nspname, c.relname)
            else format('delete from %I.%I t %s', n.nspname, c.relname, since.condition)
       end,
       format('insert into %I.%I overriding system value select * from bench_floor.%I order by %s',
              n.nspname, c.relname, n.nspname || '.' || c.relname,
              (select string_agg(quote_ident(a.attname), ', ' order by k.n)
               from unnest(i.indkey::int2[]) with ordinality as k (attnum, n)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum)),
       refers.refers
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select i.indkey from pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indexprs is null
    order by i.indisprimary desc, i.indexrelid
    limit 1
) i
cross join lateral (
    select exists (select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as refers
) refers
cross join (
    select case when $1::text is null then ''
                else format('where age(t.xmin) < age(%L::xid)', $1::text)
           end as condition
) since
where n.nspname in ('public', 'forebay') and c.relkind = 'r'
order by refers.refers desc
