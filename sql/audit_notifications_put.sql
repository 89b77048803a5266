-- Adds notifications that records make. In: $1 their uris. Under all partition locks; who is there stays, and
-- no number of the sequence is drawn for it. Lock order: uri.
insert into notifications (uri, recipient_did, author_did, reason, reason_subject, cid, created_at, indexed_at)
select e.uri, e.recipient_did, e.author_did, e.reason, e.reason_subject, e.cid, e.created_at, e.indexed_at
from (select distinct split_part(uri, '#', 1) as uri from unnest($1::text[]) as u (uri)) n
cross join lateral ({of_record}) e
where e.uri = any ($1::text[])
  and not exists (select from notifications n where n.uri = e.uri)
order by e.uri collate "C"
