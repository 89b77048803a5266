-- Removes deleted records of a table with a second unique key that counts for its target.
-- In: stage_deletes of kind '{table}'. Out: deltas of what was really removed, and how many rows that was.
with gone as (
    delete from {table} t
    using stage_deletes d
    where d.kind = '{table}' and t.uri = d.uri and {at_or_before}
    returning t.{key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, -count(*) from gone group by target
)
select count(*) from gone
