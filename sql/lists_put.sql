-- Merges lists. In: stage_records of kind 'lists'.
-- Conflict key: uri. Who wins: the later position, in indexed_at. Lock order: uri.
insert into lists (uri, cid, creator_did, name, purpose, description, avatar_url, created_at, indexed_at)
select uri, cid, did, name, note, description, avatar, created_at, position
from stage_records where kind = 'lists'
order by uri collate "C"
on conflict (uri) do update
set cid = excluded.cid,
    creator_did = excluded.creator_did,
    name = excluded.name,
    purpose = excluded.purpose,
    description = excluded.description,
    avatar_url = excluded.avatar_url,
    created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
where lists.indexed_at < excluded.indexed_at
