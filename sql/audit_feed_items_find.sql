-- Finds feed items that are missing, too many, or not their record's, in one snapshot. A repost's
-- own CID stands nowhere else and is taken as it is.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: item, kind, what it is.
with expected as (
    select uri, 'post' as type, uri as post_uri, author_did as did, created_at, cid from posts
    where uri > $1::text and ($2::text is null or uri <= $2::text)
    union all
    select uri, 'repost', post_uri, user_did, created_at, null from reposts
    where uri > $1::text and ($2::text is null or uri <= $2::text)
), found as (
    select * from feed_items where uri > $1::text and ($2::text is null or uri <= $2::text)
)
select coalesce(e.uri, f.uri)::text,
       case when f.uri is null then 'feed item missing'
            when e.uri is null then 'feed item of no record'
            else 'feed item differs' end,
       format('%s: item %s, record %s', coalesce(e.uri, f.uri),
              case when f.uri is not null then row(f.type, f.post_uri, f.originator_did, f.sort_at, f.cid) end,
              case when e.uri is not null then row(e.type, e.post_uri, e.did, e.created_at, e.cid) end)
from expected e
full join found f on f.uri = e.uri
where (e.uri, e.type, e.post_uri, e.did, e.created_at, coalesce(e.cid, f.cid))
   is distinct from (f.uri, f.type, f.post_uri, f.originator_did, f.sort_at, f.cid)
order by 1
