-- Any other record, row by row, as the baseline of the measurements has it.
-- In: uri, CID, DID, collection, record, createdAt. Conflict: uri; the row that is there stays.
insert into generic_records (uri, cid, author_did, record_type, record, created_at)
values ($1, $2, $3, $4, $5::text::jsonb, coalesce($6::text::timestamptz, now()) at time zone 'UTC')
on conflict do nothing
