-- As pairs_put.sql, for a table whose rows count for their target.
-- Out: deltas of what was really added; how many rows that was, and how many were not.
with added as (
    insert into {table} ({columns})
    select {values} from {staged}
      and not exists (select from forebay.duplicates d where d.uri = s.uri offset 0)
    order by s.uri collate "C"
    on conflict do nothing
    returning uri::text as uri, {key2} as target
), left_over as (
    insert into stage_left (kind, {left_columns})
    select '{table}', {left_over} from {staged} and s.uri not in (select uri from added)
    returning 1
), counted as (
    insert into stage_deltas (uri, {table})
    select target, count(*) from added group by target
    returning {table} as n
)
select (select coalesce(sum(n), 0) from counted), (select count(*) from left_over)
