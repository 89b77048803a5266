-- Merges the feed items of the reposts that were simply added.
-- In: stage_pairs of kind 'reposts', less those in stage_left. Conflict key: uri. Who wins: the
-- later position. Lock order: uri, in which rows are staged.
-- Out: how many rows were added: an updated one has an xmax.
with put as (
    insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
    select s.uri, s.key2, s.key1, 'repost', s.created_at, s.cid, s.created_at, s.position
    from stage_pairs s
    where s.kind = 'reposts'
      and s.uri not in (select l.uri from stage_left l where l.kind = 'reposts')
    on conflict (uri) do update
    set post_uri = excluded.post_uri, originator_did = excluded.originator_did, type = excluded.type,
        sort_at = excluded.sort_at, cid = excluded.cid, created_at = excluded.created_at,
        indexed_at = excluded.indexed_at
    where feed_items.indexed_at < excluded.indexed_at
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
