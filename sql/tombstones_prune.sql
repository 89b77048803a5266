-- Removes tombstones that nothing can meet again, at most $3 of them, and notes up to where they are
-- gone: a backfill has to know what it cannot be told any more. Out: how many went.
-- In: $1 the position before which no entry can come any more; $2 hours to keep them at least.
-- Skips what a merge is just renewing.
with gone as (
    delete from forebay.tombstones
    where ctid = any (array(
        select ctid from forebay.tombstones
        where position < $1 and written_at < now() - make_interval(hours => $2)
        order by position
        limit $3
        for update skip locked
    ))
    returning position
), noted as (
    insert into forebay.pruned (position)
    select max(position) from gone having count(*) > 0
    on conflict (one) do update set position = greatest(pruned.position, excluded.position)
)
select count(*) from gone
