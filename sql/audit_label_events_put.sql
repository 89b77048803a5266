-- Adds the events of labels that have none. In: $1 the labels. Under all partition locks. Lock order: uri.
insert into label_events (label_uri, action, created_at)
select l.uri, 'created', l.indexed_at
from labels l
where l.uri = any ($1::text[])
  and not exists (select from label_events e where e.label_uri = l.uri and e.action = 'created')
order by l.uri collate "C"
