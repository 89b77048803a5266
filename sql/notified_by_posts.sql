-- Whom posts tell, and of what: who is answered, quoted or mentioned. A part of the statements about
-- notifications. The posts come with uri, cid, author_did, parent_uri, quoted_uri, facets, created_at,
-- indexed_at. Mentions are what the facets say; incumbents left py_type in some for $type.
select r.uri || '#notification' || w.way as uri, w.recipient_did, r.author_did, w.reason,
       r.uri as reason_subject, r.cid, r.created_at, r.indexed_at
from ({records}) r
cross join lateral (
    select '/reply' as way, 'reply' as reason, split_part(r.parent_uri, '/', 3) as recipient_did
    where split_part(r.parent_uri, '/', 4) = 'app.bsky.feed.post'
    union all
    select '/quote', 'quote', split_part(r.quoted_uri, '/', 3)
    where split_part(r.quoted_uri, '/', 4) = 'app.bsky.feed.post'
    union all
    select distinct '/mention/' || m.did, 'mention', m.did
    from jsonb_path_query(r.facets, '$[*].features[*] ? (@."$type" == "app.bsky.richtext.facet#mention"
                                     || @."py_type" == "app.bsky.richtext.facet#mention").did') as f (did)
    cross join lateral (select f.did #>> array[]::text[] as did) m
) w
