-- Removes tombstones that nothing can meet again, at most $3 of them.
-- In: $1 the position before which no entry can come any more; $2 hours to keep them at least.
-- Skips what a merge is just renewing.
delete from forebay.tombstones
where ctid = any (array(
    select ctid from forebay.tombstones
    where position < $1 and written_at < now() - make_interval(hours => $2)
    order by position
    limit $3
    for update skip locked
))
