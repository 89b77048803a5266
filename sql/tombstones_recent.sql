-- How many tombstones a batch could meet: those at or after its oldest position, counted to $2.
-- None means that nothing need be struck, which is the usual case for a worker alone.
select count(*) from (select from forebay.tombstones where position >= $1 limit $2) as recent
