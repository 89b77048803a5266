-- The latest dead letters, without their contents. In: $1 how many.
select id, to_char(written_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), entry_id, op, type,
       reason, "column", sqlstate
from forebay.dead_letters
order by id desc
limit $1
