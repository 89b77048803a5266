-- Whom records of one table tell, and of what: a part of the statements about notifications.
-- The records come with uri, author_did, subject, cid, created_at and indexed_at, and tell actors,
-- or the authors of posts.
select r.uri || '#notification' as uri, {recipient} as recipient_did, r.author_did, '{reason}' as reason,
       {reason_subject} as reason_subject, r.cid, r.created_at, r.indexed_at
from ({records}) r
where {of_post}
