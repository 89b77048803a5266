-- What the record of a notification n of {table}, a contested one, says: a part of the statements about
-- notifications.
select {recipient}, {reason_subject}, {cid}, r.created_at, r.indexed_at
from (
    select t.uri, t.{subject} as subject, t.created_at, t.indexed_at
    from {table} t where t.uri = split_part(n.uri, '#', 1)
) r
