-- Removes deleted records of a table with a second unique key that counts for its target.
-- In: stage_deletes of kind '{table}'. Out: deltas of what was really removed, the pairs of whom and what
-- (kind 'reactions'), and how many rows that was.
with gone as (
    delete from {table} t
    where t.uri = any (array(
        select d.uri from stage_deletes d
        where d.kind = '{table}'
          and exists (select from {table} t where t.uri = d.uri and {at_or_before} offset 0)
    ))
    returning t.{key1} as actor, t.{key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, -count(*) from gone group by target
), touched as (
    insert into stage_contested (kind, key1, key2)
    select 'reactions', actor, target from gone where split_part(target, '/', 4) = 'app.bsky.feed.post'
)
select count(*) from gone
