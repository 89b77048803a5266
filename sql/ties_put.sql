-- Keeps the whole sequence number of staged rows whose timestamp cannot hold it.
-- Conflict key: uri. The later position wins. Lock order: uri.
insert into forebay.ties (uri, position, tie)
select uri, position, tie from (
    select uri, position, tie from stage_likes where tie > 0
    union all
    select uri, position, tie from stage_pairs where tie > 0
    union all
    select uri, position, tie from stage_posts where tie > 0
    union all
    select uri, position, tie from stage_records where tie > 0
) s
order by uri collate "C"
on conflict (uri) do update
set position = excluded.position, tie = excluded.tie
where (ties.position, ties.tie) < (excluded.position, excluded.tie)
