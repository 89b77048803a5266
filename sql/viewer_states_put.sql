-- Sets the viewer states of pairs whose reactions changed to what there is.
-- In: {touched}, pairs of which key1 is the viewer and key2 the post. Conflict key: the pair; what the AppView set stays.
-- Lock order: the pair; its rows are under the lock of the viewer's partition.
-- Out: how many rows were added (an updated one has an xmax), and of how many pairs no reaction is left.
with state as (
    select t.key2 as post_uri, t.key1 as viewer_did,
           (select l.uri from likes l
            where l.user_did = t.key1 and l.post_uri = t.key2 offset 0) as like_uri,
           (select r.uri from reposts r
            where r.user_did = t.key1 and r.post_uri = t.key2 offset 0) as repost_uri,
           exists (select from bookmarks b
                   where b.user_did = t.key1 and b.post_uri = t.key2 offset 0) as bookmarked
    from {touched} t
), put as (
    insert into post_viewer_states (post_uri, viewer_did, like_uri, repost_uri, bookmarked)
    select post_uri, viewer_did, like_uri, repost_uri, bookmarked from state
    where like_uri is not null or repost_uri is not null or bookmarked
    order by post_uri collate "C", viewer_did collate "C"
    on conflict (post_uri, viewer_did) do update
    set like_uri = excluded.like_uri, repost_uri = excluded.repost_uri,
        bookmarked = excluded.bookmarked, updated_at = excluded.updated_at
    where (post_viewer_states.like_uri, post_viewer_states.repost_uri, post_viewer_states.bookmarked)
       is distinct from (excluded.like_uri, excluded.repost_uri, excluded.bookmarked)
    returning xmax = 0 as added
)
select (select count(*) filter (where added) from put),
       (select count(*) from state where like_uri is null and repost_uri is null and not bookmarked)
