-- A users row for a DID, row by row, as the baseline of the measurements has it.
-- In: did. Conflict: did; the row that is there stays.
insert into users (did, handle) values ($1, 'handle.invalid') on conflict do nothing
