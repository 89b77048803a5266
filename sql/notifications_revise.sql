-- Makes notifications that are there what their records say now; whether they are read is the reader's.
-- In: what some records make, and what the record of a notification n says, by its key. Rows of own repos only.
update notifications n
set (recipient_did, reason_subject, cid, created_at, indexed_at) = ({current})
where n.uri = any (array(
    select e.uri
    from ({expected}) e
    cross join lateral (select n.* from notifications n where n.uri = e.uri offset 0) n
    where (n.recipient_did, n.reason_subject, n.cid, n.created_at, n.indexed_at)
       is distinct from (e.recipient_did, e.reason_subject, e.cid, e.created_at, e.indexed_at)
))
