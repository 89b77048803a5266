-- Writes dead letters. In: one array per column. Conflict key: (orig_id, op). Who is there stays:
-- a redelivered entry fails in the same way.
insert into forebay.dead_letters (entry_id, orig_id, op, type, data, truncated, seq, deliveries,
                                  reason, "column", sqlstate, remedy)
select * from unnest($1::text[], $2::text[], $3::int4[], $4::text[], $5::bytea[], $6::bool[],
                     $7::text[], $8::int4[], $9::text[], $10::text[], $11::text[], $12::text[])
on conflict (orig_id, op) do nothing
