-- Re-stamps what lies after the boundary in one key range of a table.
-- In: $1 the key after which the range begins, $2 its last key, $3 the boundary. Lock order: key;
-- readers are not blocked.
with due as materialized (
    select {key} as key from {table}
    where {key} > $1::text and {key} <= $2::text and {version} > $3 {condition}
    order by {key}
    for no key update
)
update {table} t set {version} = $3 {reset}
from due
where t.{key} = due.key
