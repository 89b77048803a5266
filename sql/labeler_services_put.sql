-- Merges labelers, whose own like_count is counted afterwards. In: stage_records of kind 'labeler_services'.
-- Conflict key: uri. Who wins: the later position, in indexed_at. Lock order: uri.
insert into labeler_services (uri, cid, creator_did, policies, created_at, indexed_at)
select uri, cid, did, body, created_at, position
from stage_records where kind = 'labeler_services'
order by uri collate "C"
on conflict (uri) do update
set cid = excluded.cid,
    creator_did = excluded.creator_did,
    policies = excluded.policies,
    created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
where labeler_services.indexed_at < excluded.indexed_at
