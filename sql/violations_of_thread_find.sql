-- Finds the posts whose flag does not say whether they break the rules of their thread's gate:
-- of the replies that were merged, of those in threads whose gate changed, and of those in threads that
-- mention somebody, whose root changed.
-- In: $1 replies that went straight in and $2 the roots of their threads; $3 posts that went straight in
-- and have a gate; stage_posts as merged, staged gates, stage_deletes. Out: posts.
-- Under the locks of the roots' rows of counts.
with gated (uri) as (
    select subject from stage_records where kind = 'thread_gates'
    union
    select 'at://' || split_part(uri, '/', 3) || '/app.bsky.feed.post/' || split_part(uri, '/', 5)
    from stage_deletes where kind = 'thread_gates'
    union
    select r.uri
    from (
        select uri from stage_posts
        union all
        select uri from stage_deletes where kind = 'posts'
        union all
        select * from unnest($3::text[])
    ) r
    where exists (select from thread_gates g where g.post_uri = r.uri and g.allow_mentions offset 0)
), replies (uri) as (
    select uri from stage_posts
    union
    select r.uri from unnest($1::text[], $2::text[]) as r (uri, root)
    where exists (select from thread_gates g where g.post_uri = r.root offset 0)
    union
    select p.uri
    from gated
    cross join lateral (
        select p.uri from posts p where p.root_uri = gated.uri
        union all
        select p.uri from posts p where p.parent_uri = gated.uri and p.root_uri is null
        offset 0
    ) p
)
select p.uri::text
from posts p
where p.uri = any (array(select uri from replies))
  and p.violates_thread_gate <> {judged}
