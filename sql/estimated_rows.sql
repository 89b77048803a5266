-- About how many rows tables have, for a progress bar. In: $1 their names.
select coalesce(sum(greatest(c.reltuples, 0)), 0)::int8
from unnest($1::text[]) as name
join pg_class c on c.oid = to_regclass(name)
