-- Gives DIDs a users row. A transaction of its own, before the batch's: a row that another lane has
-- just inserted is waited for until that lane commits, which must not be a whole batch away. A row
-- too many does no harm; the batch's own commit makes these durable, since it comes later in the log.
-- In: $1 the DIDs, each once; $2 the position at which each was first named.
-- Conflict key: did. Who is there stays. Lock order: did.
-- Those whose row can be seen are left out first: "on conflict do nothing" waits for whoever is just
-- updating the row that is in its way, which a batch with the user's profile does until its end.
insert into users (did, handle, created_at, indexed_at)
select did, 'handle.invalid', position, position
from unnest($1::text[], $2::timestamp[]) as named (did, position)
where not exists (select from users u where u.did = named.did offset 0)
order by did collate "C"
on conflict (did) do nothing
