-- As duplicates_vacate.sql, for a table whose rows count for their target. Out: deltas, and how many rows that was.
with gone as (
    delete from {table} t
    where t.uri = any (array(
        select held.uri
        from stage_contested c
        cross join lateral (select t.uri from {table} t where {key_match} offset 0) as held
        where c.kind = '{table}'
    ))
    returning t.{key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, -count(*) from gone group by target
)
select count(*) from gone
