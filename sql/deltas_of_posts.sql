-- What the merges of staged rows changed in posts' counts, for the worker to add to what it counted
-- itself. In: stage_deltas. Out: a row per post, in no order.
select uri, sum(likes)::int4, sum(reposts)::int4, sum(replies)::int4, sum(bookmarks)::int4, sum(quotes)::int4
from stage_deltas
where split_part(uri, '/', 4) = 'app.bsky.feed.post'
group by uri
