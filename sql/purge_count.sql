-- How many records of a repo there are in one table, up to a position.
-- In: $1 the DID, or the pattern of its uris; $2 the position.
select count(*) from {table} t where {mine} and t.{version} <= $2
