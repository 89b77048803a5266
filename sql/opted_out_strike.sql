-- Takes the records of actors who opted out from a staging table. Their profiles, handles and
-- account states stay, and so do all deletes.
-- In: $1 the DIDs. {stage} is any staging table of creates.
delete from {stage} s
where split_part(s.uri, '/', 3) = any ($1::text[])
  and split_part(s.uri, '/', 4) <> 'app.bsky.actor.profile'
