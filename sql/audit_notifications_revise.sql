-- Makes notifications that are there what their records say. In: $1 their uris, of which those of no record
-- are gone. Under all partition locks.
update notifications n
set (recipient_did, author_did, reason, reason_subject, cid, created_at, indexed_at) = (
    select e.recipient_did, e.author_did, e.reason, e.reason_subject, e.cid, e.created_at, e.indexed_at
    from ({of_record}) e where e.uri = n.uri
)
where n.uri = any ($1::text[]) and exists (select from ({of_record}) e where e.uri = n.uri)
