-- Takes the lock of which there is one takeover at a time, as long as the connection lives. The
-- first key is "take" in ASCII.
select pg_try_advisory_lock(1952541541, 0)
