-- Finds labels without the event that says so, in one snapshot. Events beside it, and their moments, are
-- the AppView's.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: label, kind, what it is.
select l.uri::text, 'label event missing', format('%s: no event says that it was created', l.uri)
from labels l
where l.uri > $1::text and ($2::text is null or l.uri <= $2::text)
  and not exists (select from label_events e where e.label_uri = l.uri and e.action = 'created')
order by 1
