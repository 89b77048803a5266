-- Sets handles from identity events.
-- In: stage_records of kind 'handles'. Conflict key: did. Who wins: the later position, kept in
-- forebay.handles because a users row is made long before. Rows of own repos only.
with latest as (
    insert into forebay.handles (did, position, tie)
    select did, position, tie from stage_records where kind = 'handles'
    order by did collate "C"
    on conflict (did) do update
    set position = excluded.position, tie = excluded.tie
    where (handles.position, handles.tie) < (excluded.position, excluded.tie)
    returning did
)
update users u
set handle = s.name
from stage_records s
where s.kind = 'handles' and u.did = s.did
  and (s.did in (select did from latest)) is true
