-- Leaves a tombstone for every deleted record, so that a create that comes late stays away.
-- Conflict key: uri. The later position wins. Lock order: uri.
insert into forebay.tombstones (uri, position, tie)
select uri, position, tie from stage_deletes
where kind <> 'accounts'
order by uri collate "C"
on conflict (uri) do update
set position = excluded.position, tie = excluded.tie, written_at = excluded.written_at
where (tombstones.position, tombstones.tie) < (excluded.position, excluded.tie)
