-- Enters the rows left over that want a contested key among the contested records.
-- In: stage_left of kind '{table}', after pairs_settled.sql. Conflict key: uri. The later position wins.
insert into forebay.duplicates (kind, uri, key1, key2, cid, subject_cid, via, handle, created_at,
                                position, tie, commit_time, commit_seq, commit_rev)
select '{table}', {claimed}
from stage_left s
where s.kind = '{table}'
order by s.uri collate "C"
on conflict (uri) do update
set key1 = excluded.key1, key2 = excluded.key2, cid = excluded.cid,
    subject_cid = excluded.subject_cid, via = excluded.via, handle = excluded.handle,
    created_at = excluded.created_at, position = excluded.position, tie = excluded.tie,
    commit_time = excluded.commit_time, commit_seq = excluded.commit_seq,
    commit_rev = excluded.commit_rev
where (duplicates.position, duplicates.tie) < (excluded.position, excluded.tie)
