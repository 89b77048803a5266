-- Rights on tables that this role lacks. In: $1 the tables of schema public that are written, $2 those
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
order by 1
