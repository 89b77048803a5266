-- As pairs_put.sql, for a table whose rows count for their target.
-- Out: deltas of what was really added; how many rows that was, and how many staged ones have not
-- simply been added.
with added as (
    insert into {table} ({columns})
    select {values} from stage_pairs s
    where s.kind = '{table}'
      and not exists (select from forebay.duplicates d where d.uri = s.uri offset 0)
    order by s.uri collate "C"
    on conflict do nothing
    returning {key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, count(*) from added group by target
    returning {table} as n
)
select (select coalesce(sum(n), 0) from counted),
       (select count(*) from stage_pairs where kind = '{table}')
           - (select coalesce(sum(n), 0) from counted)
