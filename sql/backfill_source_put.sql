-- Notes a source of a backfill, or finds the one of that name. In: $1 its name, $2 what tells its
-- content from another's, $3 in how many shares it is gone through. Conflict key: name.
-- Out: its number, and whether it is another content than the one noted: then it begins anew.
-- It is looked for first: a conflict would use up a number, of which lines' stamps have room for 32,768.
with found as (
    select id, content from forebay.backfill_sources where name = $1
), made as (
    insert into forebay.backfill_sources as s (name, content, shares)
    select $1, $2, $3 where not exists (select from found)
    on conflict (name) do update set name = excluded.name
    returning s.id, s.content
)
select id, content <> $2 from found
union all
select id, content <> $2 from made
