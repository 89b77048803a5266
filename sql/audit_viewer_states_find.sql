-- Finds viewer states that are not what likes, reposts and bookmarks say, in one snapshot. A row without
-- any is right where the AppView has set a flag in it.
-- In: $1 the post after which the range begins, $2 its last or null.
-- Out: post and viewer with a chr(31) between them, kind, what it is.
with expected as (
    select post_uri, user_did as viewer_did, max(like_uri) as like_uri, max(repost_uri) as repost_uri,
           bool_or(bookmarked) as bookmarked
    from (
        select post_uri, user_did, uri as like_uri, null as repost_uri, false as bookmarked from likes
        where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
        union all
        select post_uri, user_did, null, uri, false from reposts
        where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
        union all
        select post_uri, user_did, null, null, true from bookmarks
        where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
    ) reactions
    where split_part(post_uri, '/', 4) = 'app.bsky.feed.post'
    group by post_uri, user_did
), found as (
    select *, thread_muted or reply_disabled or embedding_disabled or pinned as is_flagged
    from post_viewer_states
    where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
      and split_part(post_uri, '/', 4) = 'app.bsky.feed.post'
), both_sides as (
    select coalesce(e.post_uri, f.post_uri) as post_uri, coalesce(e.viewer_did, f.viewer_did) as viewer_did,
           case when f.post_uri is null then 'viewer state missing'
                when e.post_uri is null and not f.is_flagged then 'viewer state of no reaction'
                when (e.like_uri, e.repost_uri, coalesce(e.bookmarked, false))
                     is distinct from (f.like_uri, f.repost_uri, f.bookmarked) then 'viewer state differs'
           end as kind,
           case when e.post_uri is not null then row(e.like_uri, e.repost_uri, e.bookmarked) end as expected,
           case when f.post_uri is not null then row(f.like_uri, f.repost_uri, f.bookmarked) end as found
    from expected e
    full join found f on f.post_uri = e.post_uri and f.viewer_did = e.viewer_did
)
select post_uri || chr(31) || viewer_did, kind,
       format('%s for %s: row %s, reactions %s', post_uri, viewer_did, found, expected)
from both_sides
where kind is not null
order by 1
