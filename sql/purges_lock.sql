-- Takes the lock of whoever works on purges, as long as the connection lives: two at once would do
-- the same work twice, which is harmless. The first key is "purg" in ASCII.
select pg_try_advisory_lock(1886745191, 0)
