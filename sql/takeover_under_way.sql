-- The takeover that was broken off. Out: its first id, and milliseconds since it began.
select first_id, (extract(epoch from clock_timestamp() - started_at) * 1000)::int8
from forebay.takeover
