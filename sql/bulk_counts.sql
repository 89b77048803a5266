-- Adds up the counts of all posts at once. Under all partition locks: no worker has rows whose counts are
-- still to come. Conflict key: post_uri. Posts that nothing points at any more go back to 0.
-- Out: how many rows were added: an updated one has an xmax.
with target (uri, likes, reposts, replies, bookmarks, quotes) as (
    select post_uri, count(*), 0, 0, 0, 0 from likes group by post_uri
    union all
    select post_uri, 0, count(*), 0, 0, 0 from reposts group by post_uri
    union all
    select parent_uri, 0, 0, count(*), 0, 0 from posts where parent_uri is not null group by parent_uri
    union all
    select post_uri, 0, 0, 0, count(*), 0 from bookmarks group by post_uri
    union all
    select quoted_uri, 0, 0, 0, 0, count(*) from quotes group by quoted_uri
    union all
    select uri, 0, 0, 0, 0, 0 from posts
    union all
    select post_uri, 0, 0, 0, 0, 0 from post_aggregations
), put as (
    insert into post_aggregations (post_uri, like_count, repost_count, reply_count, bookmark_count, quote_count)
    select uri, sum(likes), sum(reposts), sum(replies), sum(bookmarks), sum(quotes)
    from target
    where split_part(uri, '/', 4) = 'app.bsky.feed.post'
    group by uri
    on conflict (post_uri) do update
    set like_count = excluded.like_count, repost_count = excluded.repost_count,
        reply_count = excluded.reply_count, bookmark_count = excluded.bookmark_count,
        quote_count = excluded.quote_count, updated_at = excluded.updated_at
    where (post_aggregations.like_count, post_aggregations.repost_count, post_aggregations.reply_count,
           post_aggregations.bookmark_count, post_aggregations.quote_count)
       is distinct from (excluded.like_count, excluded.repost_count, excluded.reply_count,
                         excluded.bookmark_count, excluded.quote_count)
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
