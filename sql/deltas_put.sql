-- Adds likes that went straight into their table to the deltas, where what they point at is no post:
-- the counts of generators and labelers are looked for there.
-- In: $1 the uris of what was liked, one for each like. Out: rows of stage_deltas.
insert into stage_deltas (uri, likes)
select uri, count(*) from unnest($1::text[]) as liked (uri) group by uri
