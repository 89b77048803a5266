-- Finds posts whose counts are not the number of rows, in one snapshot: workers move both in one
-- transaction. In: $1 the key after which the range begins, $2 its last key or null.
-- Out: post, kind of drift, and what it is.
with target (uri, likes, reposts, replies, bookmarks, quotes) as (
    select post_uri, count(*), 0, 0, 0, 0 from likes
    where post_uri > $1::text and ($2::text is null or post_uri <= $2::text) group by post_uri
    union all
    select post_uri, 0, count(*), 0, 0, 0 from reposts
    where post_uri > $1::text and ($2::text is null or post_uri <= $2::text) group by post_uri
    union all
    select parent_uri, 0, 0, count(*), 0, 0 from posts
    where parent_uri > $1::text and ($2::text is null or parent_uri <= $2::text) group by parent_uri
    union all
    select post_uri, 0, 0, 0, count(*), 0 from bookmarks
    where post_uri > $1::text and ($2::text is null or post_uri <= $2::text) group by post_uri
    union all
    select quoted_uri, 0, 0, 0, 0, count(*) from quotes
    where quoted_uri > $1::text and ($2::text is null or quoted_uri <= $2::text) group by quoted_uri
    union all
    select uri, 0, 0, 0, 0, 0 from posts
    where uri > $1::text and ($2::text is null or uri <= $2::text)
), expected as (
    select uri, sum(likes) as likes, sum(reposts) as reposts, sum(replies) as replies,
           sum(bookmarks) as bookmarks, sum(quotes) as quotes
    from target
    where split_part(uri, '/', 4) = 'app.bsky.feed.post'
    group by uri
), found as (
    select * from post_aggregations
    where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
), both_sides as (
    select coalesce(e.uri, f.post_uri)::text as uri, f.post_uri is null as is_missing,
           split_part(coalesce(e.uri, f.post_uri), '/', 4) <> 'app.bsky.feed.post' as is_no_post,
           coalesce(f.like_count, 0) as likes_found, coalesce(e.likes, 0) as likes,
           coalesce(f.repost_count, 0) as reposts_found, coalesce(e.reposts, 0) as reposts,
           coalesce(f.reply_count, 0) as replies_found, coalesce(e.replies, 0) as replies,
           coalesce(f.bookmark_count, 0) as bookmarks_found, coalesce(e.bookmarks, 0) as bookmarks,
           coalesce(f.quote_count, 0) as quotes_found, coalesce(e.quotes, 0) as quotes
    from expected e
    full join found f on f.post_uri = e.uri
)
select b.uri, c.kind, case
    when c.found is null then format('%s: %s', b.uri, c.kind)
    else format('%s: %s is %s, rows %s', b.uri, c.kind, c.found, c.rows) end
from both_sides b
cross join lateral (values
    ('like_count',              b.likes_found,      b.likes,     b.likes_found <> b.likes),
    ('repost_count',            b.reposts_found,    b.reposts,   b.reposts_found <> b.reposts),
    ('reply_count',             b.replies_found,    b.replies,   b.replies_found <> b.replies),
    ('bookmark_count',          b.bookmarks_found,  b.bookmarks, b.bookmarks_found <> b.bookmarks),
    ('quote_count',             b.quotes_found,     b.quotes,    b.quotes_found <> b.quotes),
    ('no post_aggregations row',            null,   null,        b.is_missing),
    ('post_aggregations row of no post',    null,   null,        b.is_no_post)
) as c (kind, found, rows, is_drift)
where c.is_drift
order by b.uri, c.kind
