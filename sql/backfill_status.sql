-- What all sources of backfills have come to, the latest last.
select s.name, count(*) filter (where p.ended) >= s.shares,
       coalesce(sum(p.records), 0)::int8, coalesce(sum(p.filtered), 0)::int8,
       coalesce(sum(p.rejected), 0)::int8,
       to_char(s.began_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       coalesce(to_char(max(p.written_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '-')
from forebay.backfill_sources s
left join forebay.backfill_progress p on p.source = s.id
group by s.id
order by s.began_at, s.id
