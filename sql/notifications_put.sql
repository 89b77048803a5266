-- Adds notifications that are not there. In: what some records make. A number of the sequence is drawn for none that is
-- there: conflicts must not use them up. Rows of own repos only. Lock order: uri.
-- Out: how many were added, and how many were there.
with expected as materialized (
    {expected}
), added as (
    insert into notifications (uri, recipient_did, author_did, reason, reason_subject, cid, created_at, indexed_at)
    select e.uri, e.recipient_did, e.author_did, e.reason, e.reason_subject, e.cid, e.created_at, e.indexed_at
    from expected e
    where not exists (select from notifications n where n.uri = e.uri offset 0)
    order by e.uri collate "C"
    returning 1
)
select (select count(*) from added), (select count(*) from expected) - (select count(*) from added)
