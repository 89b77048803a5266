-- Whether anyone has the lock of purges_lock.sql: asked before a connection is made ready for the work.
-- A lock of two keys has them as classid and objid, and objsubid 2 (PostgreSQL manual, "pg_locks").
select exists (
    select from pg_locks
    where locktype = 'advisory' and classid = 1886745191 and objid = 0 and objsubid = 2 and granted
      and database = (select oid from pg_database where datname = current_database())
)
