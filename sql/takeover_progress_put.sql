-- Notes how far a takeover has come in one table, in the transaction that came so far.
-- In: $1 the table, $2 the last key seen, $3 rows seen and $4 re-stamped by this step, $5 whether
-- that was all.
insert into forebay.takeover_progress as p (table_name, last_key, seen, restamped, done)
values ($1, $2, $3, $4, $5)
on conflict (table_name) do update
set last_key = excluded.last_key, seen = p.seen + excluded.seen,
    restamped = p.restamped + excluded.restamped, done = excluded.done
