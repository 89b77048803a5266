-- Finds the posts whose flag does not say whether they quote what must not be quoted: of the
-- posts that were merged, and of those that quote a post whose gate changed.
-- In: stage_posts as merged, staged gates, stage_deletes. Out: posts.
-- Under the locks of the quoted posts' rows of counts.
with gated (uri) as (
    select subject from stage_records where kind = 'post_gates'
    union
    select 'at://' || split_part(uri, '/', 3) || '/app.bsky.feed.post/' || split_part(uri, '/', 5)
    from stage_deletes where kind = 'post_gates'
), quoting (uri) as (
    select uri from stage_posts
    union
    select q.post_uri
    from gated
    cross join lateral (
        select q.post_uri from quotes q where q.quoted_uri = gated.uri offset 0
    ) q
)
select p.uri::text
from posts p
where p.uri = any (array(select uri from quoting))
  and p.violates_embedding_rules <> {judged}
