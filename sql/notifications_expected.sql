-- The notifications of some records: a part of the statements about them. Never to oneself, nor to what
-- is no DID; one that the table could not hold is none: its record stays all the same.
-- In: what the records tell. '' stands for a CID that did not come.
select told.uri, told.recipient_did, told.author_did, told.reason, told.reason_subject,
       case when length(told.cid) <= 255 then nullif(told.cid, '') end as cid, told.created_at, told.indexed_at
from ({notified}) told
where told.recipient_did <> told.author_did
  and told.recipient_did ~ '^did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]$'
  and length(told.recipient_did) <= 255 and length(told.uri) <= 512
