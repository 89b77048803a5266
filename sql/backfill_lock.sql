-- Takes the lock of which there is one backfill at a time, as long as the connection lives. The first
-- key is "back" in ASCII.
select pg_try_advisory_lock(1650549611, 0)
