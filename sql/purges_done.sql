-- Notes that a purge is done, unless a later one was asked for meanwhile.
-- In: $1 the DID, $2 and $3 the position.
update forebay.purges set done = true where did = $1 and (position, tie) <= ($2, $3)
