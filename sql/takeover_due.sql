-- How many rows of a table a takeover would re-stamp. In: $1 the boundary.
select count(*) from {table} where {version} > $1 {condition}
