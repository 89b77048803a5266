-- Dead rows of the tables that are written, and whether autovacuum passes them by. In: $1 the
-- tables of schema public.
select s.relid::regclass::text, s.n_live_tup, s.n_dead_tup,
       coalesce((select option_value = 'false' or option_value = 'off'
                 from pg_options_to_table(c.reloptions) where option_name = 'autovacuum_enabled'), false),
       coalesce(to_char(greatest(s.last_vacuum, s.last_autovacuum), 'YYYY-MM-DD HH24:MI'), 'never')
from pg_stat_user_tables s
join pg_class c on c.oid = s.relid
where s.schemaname = 'public' and s.relname = any ($1) or s.schemaname = 'forebay'
order by 1
