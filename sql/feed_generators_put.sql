-- Merges feed generators, whose own like_count is counted afterwards. In: stage_records of kind 'feed_generators'.
-- Conflict key: uri. Who wins: the later position, in indexed_at. Lock order: uri.
insert into feed_generators (uri, cid, creator_did, did, display_name, description, avatar_url, created_at, indexed_at)
select uri, cid, did, subject, name, description, avatar, created_at, position
from stage_records where kind = 'feed_generators'
order by uri collate "C"
on conflict (uri) do update
set cid = excluded.cid,
    creator_did = excluded.creator_did,
    did = excluded.did,
    display_name = excluded.display_name,
    description = excluded.description,
    avatar_url = excluded.avatar_url,
    created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
where feed_generators.indexed_at < excluded.indexed_at
