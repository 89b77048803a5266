-- The dead letters that a selection names, by id, which is the order in which they were written.
-- In: $1 ids, or null for any; $2 a reason, or what stands before its colon; $3 and $4 least and most
-- age in seconds; $5 the id after which to go on; $6 how many at most; $7 the longest data to give.
-- A null selects nothing out.
select id, entry_id, orig_id, op, type, seq, deliveries, reason, "column", sqlstate, remedy, truncated,
       to_char(written_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       extract(epoch from now() - written_at)::int8, octet_length(data),
       case when octet_length(data) <= $7 then data end
from forebay.dead_letters
where ($1::int8[] is null or id = any ($1))
  and ($2::text is null or reason = $2 or starts_with(reason, $2 || ':'))
  and ($3::int8 is null or written_at <= now() - $3 * interval '1 second')
  and ($4::int8 is null or written_at >= now() - $4 * interval '1 second')
  and id > $5
order by id
limit $6
