-- As duplicates_vacate.sql, for a table whose rows count for their target. Out: deltas, and how many rows that was.
with gone as (
    delete from {table} t
    using stage_contested c
    where c.kind = '{table}' and {key_match}
    returning t.{key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, -count(*) from gone group by target
)
select count(*) from gone
