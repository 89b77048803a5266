-- Notes how far sources of a backfill have come, in the transaction of their rows.
-- In: one array per column; $3 as text, since a stream id has 128 bits. Conflict key: (source, share).
-- Offsets only grow; the numbers add up, but not of what is noted a second time because the answer to the
-- first was lost. A share is written by one lane, so nobody waits.
insert into forebay.backfill_progress as p (source, share, at, ended, records, filtered, rejected)
select source, share, at::numeric, ended, records, filtered, rejected
from unnest($1::int8[], $2::int2[], $3::text[], $4::bool[], $5::int8[], $6::int8[], $7::int8[])
     as m (source, share, at, ended, records, filtered, rejected)
on conflict (source, share) do update
set at = greatest(p.at, excluded.at), ended = excluded.ended,
    records = p.records + excluded.records, filtered = p.filtered + excluded.filtered,
    rejected = p.rejected + excluded.rejected, written_at = now()
where (p.at, p.ended) is distinct from (excluded.at, excluded.ended)
