-- Notes repos whose records up to a position are to go. In: stage_deletes of kind 'accounts', whose
-- uri is 'at://' and the DID. Conflict key: did. The later position wins. Lock order: did.
insert into forebay.purges (did, position, tie)
select substr(uri, 6), position, tie from stage_deletes where kind = 'accounts'
order by uri collate "C"
on conflict (did) do update
set position = excluded.position, tie = excluded.tie, done = false, written_at = excluded.written_at
where (purges.position, purges.tie) < (excluded.position, excluded.tie)
