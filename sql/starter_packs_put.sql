-- Merges starter packs. In: stage_records of kind 'starter_packs'.
-- Conflict key: uri. Who wins: the later position, in indexed_at. Lock order: uri.
insert into starter_packs (uri, cid, creator_did, name, description, list_uri, feeds, created_at, indexed_at)
select uri, cid, did, name, description, subject, body, created_at, position
from stage_records where kind = 'starter_packs'
order by uri collate "C"
on conflict (uri) do update
set cid = excluded.cid,
    creator_did = excluded.creator_did,
    name = excluded.name,
    description = excluded.description,
    list_uri = excluded.list_uri,
    feeds = excluded.feeds,
    created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
where starter_packs.indexed_at < excluded.indexed_at
