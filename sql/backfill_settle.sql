-- A commit that returns when its log is on disk, and with it all that came before.
select pg_current_xact_id()::text
