-- Some uris of a repo's records in one table, up to a position; in no order, since each page is
-- removed before the next is asked for.
-- In: $1 the DID, or the pattern of its uris; $2 the position; $3 how many at most.
select {uri} from {table} t where {mine} and t.{version} <= $2 limit $3
