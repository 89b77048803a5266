-- Takes from a staging table what a delete at or after it has ended, when few tombstones can
-- matter. In: $1 the batch's oldest position. {stage} has one row per uri.
-- "is true" keeps the planner from turning the look-up into a join: it hashes the few uris once
-- instead of probing a day of tombstones for every staged row.
delete from {stage} s
where (s.uri in (select uri from forebay.tombstones where position >= $1)) is true
  and exists (
      select from forebay.tombstones t
      where t.uri = s.uri and (t.position, t.tie) >= (s.position, s.tie)
      offset 0
  )
