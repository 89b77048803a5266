-- One feed item per post and one per repost, and no other.
with expected as (
    select uri, uri as post_uri, author_did as did, 'post' as type, created_at as sort_at, cid
    from posts
    union all
    select uri, post_uri, user_did, 'repost', null, null    -- its sort_at and cid are its own
    from reposts
)
select format('%s: item %s, row %s', coalesce(f.uri, e.uri),
              coalesce(row(f.type, f.post_uri, f.originator_did, f.sort_at, f.cid)::text, 'missing'),
              coalesce(row(e.type, e.post_uri, e.did, e.sort_at, e.cid)::text, 'missing'))
from expected e
full join feed_items f on f.uri = e.uri
where f.uri is null
   or e.uri is null
   or (f.type, f.post_uri, f.originator_did) is distinct from (e.type, e.post_uri, e.did)
   or (e.type = 'post' and (f.sort_at, f.cid) is distinct from (e.sort_at, e.cid))
order by 1
