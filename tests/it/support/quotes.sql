-- One quote per post that embeds a record, and no other.
with embedded as (
    select uri,
           case embed ->> '$type'
               when 'app.bsky.embed.record'          then embed #>> '{record,uri}'
               when 'app.bsky.embed.recordWithMedia' then embed #>> '{record,record,uri}'
           end as quoted_uri
    from posts
), expected as (
    select uri, quoted_uri
    from embedded
    where quoted_uri like 'at://%'
)
select format('%s quotes %s, its row says %s', coalesce(e.uri, q.post_uri), e.quoted_uri, q.quoted_uri)
from expected e
full join quotes q on q.post_uri = e.uri
where e.quoted_uri is distinct from q.quoted_uri
   or q.uri is distinct from e.uri || '#quote'
order by 1
