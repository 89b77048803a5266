-- Takes the lock of one table that several repos write.
-- In: $1 the table's number (see sql.rs). Lock order: after all partitions and all repo-owned
-- tables; ascending. The first key is "tail" in ASCII.
select pg_advisory_xact_lock(1952540012, $1)::text
