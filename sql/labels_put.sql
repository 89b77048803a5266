-- Merges labels. In: stage_records of kind 'labels'.
-- Conflict key: uri. Who wins: the later position, in indexed_at. Lock order: uri.
insert into labels (uri, src, subject, val, neg, created_at, indexed_at)
select uri, did, subject, name, flag_a, created_at, position
from stage_records where kind = 'labels'
order by uri collate "C"
on conflict (uri) do update
set src = excluded.src,
    subject = excluded.subject,
    val = excluded.val,
    neg = excluded.neg,
    created_at = excluded.created_at,
    indexed_at = excluded.indexed_at
where labels.indexed_at < excluded.indexed_at
