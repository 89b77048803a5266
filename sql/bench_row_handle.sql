-- A handle, row by row, as the baseline of the measurements has it.
-- In: did, handle. Conflict: did; what comes later stands.
insert into users (did, handle) values ($1, $2)
on conflict (did) do update set handle = excluded.handle
