-- Counts posts' rows anew. In: $1 the posts; other uris among them have no such row. Under all
-- partition locks, so that no worker has rows whose count is still to come. Lock order: post_uri.
insert into post_aggregations (post_uri, like_count, repost_count, reply_count, bookmark_count, quote_count)
select u.uri,
       (select count(*) from likes l     where l.post_uri   = u.uri),
       (select count(*) from reposts r   where r.post_uri   = u.uri),
       (select count(*) from posts p     where p.parent_uri = u.uri),
       (select count(*) from bookmarks b where b.post_uri   = u.uri),
       (select count(*) from quotes q    where q.quoted_uri = u.uri)
from (select distinct uri from unnest($1::text[]) as u (uri)) u
where split_part(u.uri, '/', 4) = 'app.bsky.feed.post'
order by u.uri collate "C"
on conflict (post_uri) do update
set like_count = excluded.like_count, repost_count = excluded.repost_count,
    reply_count = excluded.reply_count, bookmark_count = excluded.bookmark_count,
    quote_count = excluded.quote_count, updated_at = excluded.updated_at
where (post_aggregations.like_count, post_aggregations.repost_count, post_aggregations.reply_count,
       post_aggregations.bookmark_count, post_aggregations.quote_count)
   is distinct from (excluded.like_count, excluded.repost_count, excluded.reply_count,
                     excluded.bookmark_count, excluded.quote_count)
