-- Finds notifications that are missing, too many, or not their record's, in one snapshot. What the CID of
-- a like, repost or follow is, and when a notification came, is taken as it is; so are those that the
-- AppView makes for other reasons.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: notification, kind, what it is.
with expected as materialized (
    {expected}
)
select e.uri, case when n.uri is null then 'notification missing' else 'notification differs' end,
       format('%s: notification %s, record %s', e.uri,
              case when n.uri is not null then row(n.recipient_did, n.author_did, n.reason, n.reason_subject, n.created_at) end,
              row(e.recipient_did, e.author_did, e.reason, e.reason_subject, e.created_at))
from expected e
left join notifications n on n.uri = e.uri
where (n.recipient_did, n.author_did, n.reason, n.reason_subject, n.cid, n.created_at)
   is distinct from (e.recipient_did, e.author_did, e.reason, e.reason_subject, e.cid, e.created_at)
union all
select n.uri, 'notification of no record', format('%s: %s to %s', n.uri, n.reason, n.recipient_did)
from notifications n
where n.uri > $1::text and ($2::text is null or n.uri <= $2::text)
  and n.reason in ('like', 'repost', 'follow', 'reply', 'mention', 'quote')
  and not exists (select from ({of_record}) e where e.uri = n.uri)
order by 1
