-- Whether the server takes no writes, whatever a session sets: it is a standby. A database or a role that is
-- read-only by default is none: lanes set that off.
select pg_is_in_recovery()
