-- Takes from a staging table what a delete at or after it has ended, when the batch lies so far
-- back (redelivered, claimed) that the tombstones since then are many. {stage} has one row per uri.
delete from {stage} s
where exists (
    select from forebay.tombstones t
    where t.uri = s.uri and (t.position, t.tie) >= (s.position, s.tie)
    offset 0
)
