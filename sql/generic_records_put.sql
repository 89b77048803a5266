-- Merges records of every other collection. In: stage_records of kind 'generic_records'.
-- Conflict key: uri. Who wins: the later position, in indexed_at. Lock order: uri.
insert into generic_records (uri, cid, author_did, record_type, record, created_at, indexed_at)
select uri, cid, did, name, body, created_at, position
from stage_records where kind = 'generic_records'
order by uri collate "C"
on conflict (uri) do update
set cid = excluded.cid,
    author_did = excluded.author_did,
    record_type = excluded.record_type,
    record = excluded.record,
    created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
where generic_records.indexed_at < excluded.indexed_at
