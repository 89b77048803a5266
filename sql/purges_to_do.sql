-- The purges that are not done, the oldest first. In: $1 how many at most; $2 DIDs that are left out.
-- Out: the DID, the position in microseconds since 1970, its tie.
select did, (extract(epoch from position) * 1000000)::int8, tie
from forebay.purges where not done and did <> all ($2::text[]) order by position limit $1
