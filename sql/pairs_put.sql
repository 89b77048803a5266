-- Adds the staged records of a table with a second unique key, where neither key is taken. A record
-- that is contested is left to be settled even where its key is free: an old version of it that
-- comes late would be seated beside the newer one.
-- In: stage_pairs of kind '{table}'. Conflict keys: uri and the second key. Who is there stays;
-- what was not added is settled afterwards. Lock order: uri.
-- Out: how many rows were added, and how many staged ones have not simply been.
with added as (
    insert into {table} ({columns})
    select {values} from stage_pairs s
    where s.kind = '{table}'
      and not exists (select from forebay.duplicates d where d.uri = s.uri offset 0)
    order by s.uri collate "C"
    on conflict do nothing
    returning 1
)
select (select count(*) from added),
       (select count(*) from stage_pairs where kind = '{table}')
           - (select count(*) from added)
