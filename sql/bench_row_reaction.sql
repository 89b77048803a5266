-- A like or a repost, row by row, as the baseline of the measurements has it.
-- In: uri, DID, post, its CID, createdAt. Conflict: any key; the row that is there stays.
insert into {table} (uri, user_did, post_uri, subject_cid, created_at)
values ($1, $2, $3, $4, coalesce($5::text::timestamptz, now()) at time zone 'UTC')
on conflict do nothing
