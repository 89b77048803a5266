-- The five counters of post_aggregations against the rows that they count; a row that is absent
-- means zeros, and only posts have one.
with target (uri, counter) as (
              select post_uri,   'like_count'     from likes
    union all select post_uri,   'repost_count'   from reposts
    union all select post_uri,   'bookmark_count' from bookmarks
    union all select parent_uri, 'reply_count'    from posts where parent_uri is not null
    union all select quoted_uri, 'quote_count'    from quotes
), expected as (
    select uri, counter, count(*) as n
    from target
    where split_part(uri, '/', 4) = 'app.bsky.feed.post'
    group by uri, counter
), found as (
    select a.post_uri as uri, c.counter, c.n::int8 as n
    from post_aggregations a
    cross join lateral (values
        ('like_count',     a.like_count),
        ('repost_count',   a.repost_count),
        ('bookmark_count', a.bookmark_count),
        ('reply_count',    a.reply_count),
        ('quote_count',    a.quote_count)
    ) as c (counter, n)
)
select format('%s %s is %s, rows %s', uri, counter, coalesce(found.n, 0), coalesce(expected.n, 0))
from expected
full join found using (uri, counter)
where coalesce(found.n, 0) <> coalesce(expected.n, 0)
union all
select format('%s is no post, but has a row', post_uri)
from post_aggregations
where split_part(post_uri, '/', 4) <> 'app.bsky.feed.post'
order by 1
