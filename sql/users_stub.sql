-- Gives every DID that the batch names a users row.
-- In: stage_users (those not known to have one) and the DIDs of staged identities.
-- Conflict key: did. Who is there stays. Lock order: did; no later statement inserts users, so two
-- transactions cannot wait for each other's new users in a circle.
insert into users (did, handle, created_at, indexed_at)
select did, 'handle.invalid', min(position), min(position) from (
    select did, position from stage_users
    union all
    select did, position from stage_records where kind in ('handles', 'users')
) s
group by did
order by did collate "C"
on conflict (did) do nothing
