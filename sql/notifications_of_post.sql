-- What the post of a notification n says. Who is mentioned stands in the notification's own uri.
select case n.reason
           when 'reply' then split_part(p.parent_uri, '/', 3)
           when 'quote' then (select split_part(q.quoted_uri, '/', 3) from quotes q where q.uri = p.uri || '#quote')
           else n.recipient_did
       end,
       p.uri, nullif(p.cid, ''), p.created_at, p.indexed_at
from posts p where p.uri = split_part(n.uri, '#', 1)
