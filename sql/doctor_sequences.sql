-- Sequences of schema public behind integer columns. Out: sequence, table and column as SQL names them;
-- what it gave out last, which is null where this role may not see it; and the last number that it and
-- its column can hold.
select s.oid::regclass::text, a.attrelid::regclass::text, quote_ident(a.attname),
       case when has_sequence_privilege(s.oid, 'usage, select') then pg_sequence_last_value(s.oid) end,
       has_sequence_privilege(s.oid, 'usage, select'),
       least(q.seqmax, case a.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647
                       else 9223372036854775807 end)::int8
from pg_class s
join pg_sequence q on q.seqrelid = s.oid
join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass
                and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace
order by 1
