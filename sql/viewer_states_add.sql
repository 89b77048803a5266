-- Adds reactions that went straight in to the viewer states of which there may be a row already.
-- In: $1 posts and $2 viewers, each pair once, ascending; $3 likes and $4 reposts, NULL where there is
-- none; $5 whether there is a bookmark. Conflict key: the pair. What is there stays beside what is added.
-- Lock order: the pair, as they come; its rows are under the lock of the viewer's partition.
-- Out: how many rows were added: an updated one has an xmax.
with put as (
    insert into post_viewer_states (post_uri, viewer_did, like_uri, repost_uri, bookmarked)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[])
    on conflict (post_uri, viewer_did) do update
    set like_uri   = coalesce(excluded.like_uri, post_viewer_states.like_uri),
        repost_uri = coalesce(excluded.repost_uri, post_viewer_states.repost_uri),
        bookmarked = excluded.bookmarked or post_viewer_states.bookmarked,
        updated_at = excluded.updated_at
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
