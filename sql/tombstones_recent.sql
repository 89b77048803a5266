-- What a batch could meet: the uris of tombstones at or after its oldest position, $1, and 'at://' with
-- the DIDs of repos that were purged there, but of either no more than $2. None means that nothing need
-- be struck, which is the usual case for a worker alone.
(select uri from forebay.tombstones where position >= $1 limit $2)
union all
(select 'at://' || did from forebay.purges where position >= $1 limit $2)
