-- Rights on tables, and on the sequences of those that are written, that this role lacks. In: $1 the tables of schema public that are written, $2 those
-- that are read.
select r.name || ' on ' || n.nspname || '.' || c.relname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join unnest(array['select', 'insert', 'update', 'delete']) as r (name)
where c.relkind in ('r', 'p')
  and (n.nspname = 'public' and c.relname = any ($1)
       or n.nspname = 'forebay' and c.relname not in ('migrations', 'compatible'))
  and not has_table_privilege(c.oid, r.name)
union all
select 'select on ' || n.nspname || '.' || c.relname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and (n.nspname = 'public' and c.relname = any ($2)
       or n.nspname = 'forebay' and c.relname in ('migrations', 'compatible'))
  and not has_table_privilege(c.oid, 'select')
union all
select 'usage on sequence ' || s.oid::regclass::text
from pg_class s
join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass
                and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
join pg_class c on c.oid = d.refobjid and c.relname = any ($1)
where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace
  and not case when s.relkind = 'S' then has_sequence_privilege(s.oid, 'usage') end
order by 1
