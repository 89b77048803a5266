-- The next key range of a table. In: $1 the key after which it begins, $2 how many rows.
-- Out: its last key, and how many rows it has.
select coalesce(max(key), '')::text, count(*)
from (select {key} as key from {table} where {key} > $1::text order by {key} limit $2) as range
