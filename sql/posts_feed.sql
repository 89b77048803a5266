-- Merges the feed items of staged posts. In: stage_posts as merged.
-- Conflict key: uri. The staged version wins. Lock order: uri, in which
-- rows are staged.
-- Out: how many rows were added: an updated one has an xmax.
with put as (
    insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
    select uri, uri, author_did, 'post', created_at, cid, created_at, position
    from stage_posts
    on conflict (uri) do update
    set post_uri = excluded.post_uri, originator_did = excluded.originator_did, type = excluded.type,
        sort_at = excluded.sort_at, cid = excluded.cid, created_at = excluded.created_at,
        indexed_at = excluded.indexed_at
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
