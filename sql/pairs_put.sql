-- Adds the staged records of a table with a second unique key, where neither key is taken.
-- In: stage_pairs of kind '{table}'. Conflict keys: uri and the second key. Who is there stays;
-- what was not added is settled afterwards. Lock order: uri.
-- Out: how many rows were added, and how many staged ones have not simply been.
with added as (
    insert into {table} ({columns})
    select {values} from stage_pairs s
    where s.kind = '{table}'
    order by s.uri collate "C"
    on conflict do nothing
    returning 1
)
select (select count(*) from added),
       (select count(*) from stage_pairs where kind = '{table}')
           - (select count(*) from added)
           + (select count(*) from stage_pairs s where s.kind = '{table}'
              and exists (select from forebay.duplicates d where d.uri = s.uri offset 0))
