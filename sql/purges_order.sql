-- The same by hand. In: $1 the DID, $2 and $3 the position.
insert into forebay.purges (did, position, tie) values ($1, $2, $3)
on conflict (did) do update
set position = excluded.position, tie = excluded.tie, done = false, written_at = excluded.written_at
where (purges.position, purges.tie) < (excluded.position, excluded.tie)
