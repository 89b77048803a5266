-- The quote that each post's embed asks for. Incumbents stored an embed as it came: the Python
-- reader's say py_type for $type. A part of the three statements that mention it.
select p.uri as post_uri, p.uri || '#quote' as uri, p.cid, p.created_at, p.indexed_at,
       r.ref ->> 'uri' as quoted_uri, r.ref ->> 'cid' as quoted_cid
from posts p
cross join lateral (
    select case coalesce(p.embed ->> '$type', p.embed ->> 'py_type')
               when 'app.bsky.embed.record'          then p.embed -> 'record'
               when 'app.bsky.embed.recordWithMedia' then p.embed -> 'record' -> 'record'
           end as ref
) r
where r.ref ->> 'uri' like 'at://%'
