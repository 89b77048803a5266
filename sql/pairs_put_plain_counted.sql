-- As pairs_put_plain.sql, for a table whose rows count for their target.
-- Out: deltas of what was added; how many rows that was.
with added as (
    insert into {table} ({columns})
    select {values} from {staged}
      and s.uri not in (select l.uri from stage_left l where l.kind = '{table}')
    returning {key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, count(*) from added group by target
    returning {table} as n
)
select (coalesce(sum(n), 0))::int8 from counted
