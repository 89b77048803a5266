-- How many posts have a count that is not the number of rows that point at them; a post without an
-- aggregations row has zeros.
with counted as (
    select post_uri as uri, count(*) as likes, 0 as reposts, 0 as replies, 0 as bookmarks, 0 as quotes
    from likes group by post_uri
    union all select post_uri, 0, count(*), 0, 0, 0 from reposts group by post_uri
    union all select parent_uri, 0, 0, count(*), 0, 0 from posts where parent_uri is not null group by parent_uri
    union all select post_uri, 0, 0, 0, count(*), 0 from bookmarks group by post_uri
    union all select quoted_uri, 0, 0, 0, 0, count(*) from quotes group by quoted_uri
), rows_of as (
    select uri, sum(likes) as likes, sum(reposts) as reposts, sum(replies) as replies,
           sum(bookmarks) as bookmarks, sum(quotes) as quotes
    from counted
    where split_part(uri, '/', 4) = 'app.bsky.feed.post'
    group by uri
)
select count(*)
from rows_of r
full join post_aggregations p on p.post_uri = r.uri
where (coalesce(r.likes, 0), coalesce(r.reposts, 0), coalesce(r.replies, 0),
       coalesce(r.bookmarks, 0), coalesce(r.quotes, 0))
   <> (coalesce(p.like_count, 0), coalesce(p.repost_count, 0), coalesce(p.reply_count, 0),
       coalesce(p.bookmark_count, 0), coalesce(p.quote_count, 0))
