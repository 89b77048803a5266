-- Notes a source of a backfill, or finds the one of that name. In: $1 its name, $2 what tells its
-- content from another's, $3 in how many shares it is gone through. Conflict key: name.
-- Out: its number, and whether it is another content than the one noted: then it begins anew.
insert into forebay.backfill_sources as s (name, content, shares) values ($1, $2, $3)
on conflict (name) do update set name = excluded.name
returning s.id, s.content <> $2
