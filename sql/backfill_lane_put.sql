-- Counts the transactions of one lane of a backfill, so that one that was confirmed and lost since (a
-- crash before its log was on disk) is noticed by the next, before it notes any progress.
-- In: $1 the lane, $2 the run, $3 which of its transactions this is, from 1. The same again is one whose
-- answer was lost. Conflict key: lane. Out: a row, unless an earlier one is missing.
insert into forebay.backfill_lanes as l (lane, run, seq)
select $1, $2, $3
where $3::int8 = 1
   or exists (select from forebay.backfill_lanes l where l.lane = $1 and l.run = $2)
on conflict (lane) do update set run = excluded.run, seq = excluded.seq
where (l.run = excluded.run and l.seq in (excluded.seq - 1, excluded.seq))
   or (l.run <> excluded.run and excluded.seq = 1)
returning seq
