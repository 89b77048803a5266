-- Makes feed items what their records say. In: $1 their uris. Under all partition locks.
-- Conflict key: uri. Lock order: uri. The CID of a repost whose item is gone is known only if its
-- pair is contested; else it is empty, as for a record that came without.
insert into feed_items as f (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
select uri, post_uri, did, type, created_at, cid, created_at, indexed_at from (
    select uri, uri as post_uri, author_did as did, 'post' as type, created_at, cid, indexed_at
    from posts where uri = any ($1::text[])
    union all
    select r.uri, r.post_uri, r.user_did, 'repost', r.created_at,
           coalesce((select i.cid from feed_items i where i.uri = r.uri),
                    (select d.cid from forebay.duplicates d where d.uri = r.uri), ''),
           r.indexed_at
    from reposts r where r.uri = any ($1::text[])
) records
order by uri collate "C"
on conflict (uri) do update
set post_uri = excluded.post_uri, originator_did = excluded.originator_did, type = excluded.type,
    sort_at = excluded.sort_at, cid = excluded.cid, created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
