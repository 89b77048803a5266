-- How much of its numbers each sequence of the AppView has given out, 0 to 1, by what the sequence or
-- the column that it serves can hold, whichever is less. Those that the role must not read are left out.
select c.relname::text,
       coalesce(pg_sequence_last_value(c.oid), 0)::float8
           / least(q.seqmax, case a.atttypid
                                 when 'int2'::regtype then 32767
                                 when 'int4'::regtype then 2147483647
                                 else q.seqmax
                             end)
from pg_sequence q
join pg_class c on c.oid = q.seqrelid
join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
-- Asked of sequences only, in whatever order the conditions are tried: of another table it is an error.
where case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'select') end
order by 1
