-- Adds the staged records of a table with a second unique key, where neither key is taken. A record
-- that is contested is left to be settled even where its key is free: an old version of it that
-- comes late would be seated beside the newer one.
-- In: the staged rows of '{table}'. Conflict keys: uri and the second key. Who is there stays; what
-- was not added goes to stage_left and is settled afterwards. Lock order: uri.
-- Out: how many rows were added, and how many were not.
with added as (
    insert into {table} ({columns})
    select {values} from {staged}
      and not exists (select from forebay.duplicates d where d.uri = s.uri offset 0)
    order by s.uri collate "C"
    on conflict do nothing
    returning uri::text as uri
), left_over as (
    insert into stage_left (kind, {left_columns})
    select '{table}', {left_over} from {staged} and s.uri not in (select uri from added)
    returning 1
)
select (select count(*) from added), (select count(*) from left_over)
