-- Merges the feed items of staged reposts that hold their pair.
-- In: stage_pairs of kind 'reposts', after their merge. Conflict key: uri. Who wins: the later
-- position. Lock order: uri.
-- Out: how many rows were added: an updated one has an xmax.
with put as (
    insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
    select s.uri, s.key2, s.key1, 'repost', s.created_at, s.cid, s.created_at, s.position
    from stage_pairs s
    where s.kind = 'reposts'
      and exists (select from reposts r where r.uri = s.uri and r.indexed_at = s.position offset 0)
    order by s.uri collate "C"
    on conflict (uri) do update
    set post_uri = excluded.post_uri, originator_did = excluded.originator_did, type = excluded.type,
        sort_at = excluded.sort_at, cid = excluded.cid, created_at = excluded.created_at,
        indexed_at = excluded.indexed_at
    where feed_items.indexed_at < excluded.indexed_at
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
