-- Enters the present holders of contested keys among the contested records.
-- In: stage_contested of kind '{table}'. Conflict key: uri. Who is there stays.
insert into forebay.duplicates (kind, uri, key1, key2, cid, subject_cid, via, handle, created_at,
                                position, tie, commit_time, commit_seq, commit_rev)
select '{table}', {held}
from stage_contested c
cross join lateral (select t.* from {table} t where {key_match} offset 0) as t
where c.kind = '{table}'
on conflict (uri) do nothing
