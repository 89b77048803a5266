-- Begins a takeover. In: $1 the stream's first id, $2 the boundary.
insert into forebay.takeover (first_id, boundary) values ($1, $2)
