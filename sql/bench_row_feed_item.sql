-- The feed item of a post or repost, row by row, as the baseline of the measurements has it.
-- In: uri, post, DID, type, CID, createdAt. Conflict: uri; the row that is there stays.
insert into feed_items (uri, post_uri, originator_did, type, cid, sort_at, created_at)
select $1, $2, $3, $4, $5, t.at, t.at
from (select coalesce($6::text::timestamptz, now()) at time zone 'UTC' as at) t
on conflict do nothing
