-- Indexes that keep updates from being HOT: they hold a column that forebay changes all the time.
-- In: $1 tables and $2 columns of theirs. Out: index, its size, how often it was scanned since the
-- statistics were reset, and how many updates its table had.
select i.indexrelid::regclass::text, pg_relation_size(i.indexrelid), s.idx_scan, t.n_tup_upd
from unnest($1::text[], $2::text[]) as hot (table_name, column_name)
join pg_class c on c.relname = hot.table_name and c.relnamespace = 'public'::regnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = hot.column_name
join pg_index i on i.indrelid = c.oid and a.attnum = any (i.indkey)
join pg_stat_user_indexes s on s.indexrelid = i.indexrelid
join pg_stat_user_tables t on t.relid = c.oid
order by 1
