-- A follow or a block, row by row, as the baseline of the measurements has it.
-- In: uri, whose, of whom, createdAt. Conflict: any key; the row that is there stays.
insert into {table} (uri, {from}, {to}, created_at)
values ($1, $2, $3, coalesce($4::text::timestamptz, now()) at time zone 'UTC')
on conflict do nothing
