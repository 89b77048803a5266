-- Takes the partitions that the batch touches, for the rest of the transaction.
-- In: $1 the partitions, ascending. In a statement of its own, so that the ones after it see all
-- that was committed for these repos. Lock order: before every row lock; ascending among themselves.
-- The first key is "fore" in ASCII: it keeps these locks apart from other users' of the database.
select count(pg_advisory_xact_lock(1718579813, p)) from unnest($1::int4[]) as p
