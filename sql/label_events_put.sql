-- Makes sure that every staged label that is there has the event that says so, of the moment of the
-- label. It goes with its label, whose key cascades.
-- In: stage_records of kind 'labels', after labels_put.sql. An event that is there stays under its number.
-- Lock order: the labels', which are their own repo's. Out: rows added.
with moved as (
    update label_events e
    set created_at = (select l.indexed_at from labels l where l.uri = e.label_uri)
    where e.label_uri = any (array(select uri from stage_records where kind = 'labels'))
      and e.action = 'created'
      and e.created_at is distinct from (select l.indexed_at from labels l where l.uri = e.label_uri)
)
insert into label_events (label_uri, action, created_at)
select l.uri, 'created', l.indexed_at
from stage_records s
cross join lateral (select l.uri, l.indexed_at from labels l where l.uri = s.uri offset 0) l
where s.kind = 'labels'
  and not exists (select from label_events e where e.label_uri = l.uri and e.action = 'created' offset 0)
order by l.uri collate "C"
