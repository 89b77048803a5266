-- Finds thread contexts that are missing, of no reply, or without the like of the thread's root author,
-- in one snapshot. In: $1 the key after which the range begins, $2 its last key or null.
-- Out: post, kind, what it is.
with expected as (
    select p.uri, {like} as like_uri
    from posts p
    where p.uri > $1::text and ($2::text is null or p.uri <= $2::text) and p.parent_uri is not null
), found as (
    select * from thread_contexts where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
)
select coalesce(e.uri, f.post_uri)::text,
       case when f.post_uri is null then 'thread context missing'
            when e.uri is null then 'thread context of no reply'
            else 'root_author_like_uri' end,
       format('%s: the root''s author likes it by %s, its row says %s', coalesce(e.uri, f.post_uri),
              coalesce(e.like_uri, 'nothing'), coalesce(f.root_author_like_uri, 'nothing'))
from expected e
full join found f on f.post_uri = e.uri
where (e.uri, e.like_uri) is distinct from (f.post_uri, f.root_author_like_uri)
order by 1
