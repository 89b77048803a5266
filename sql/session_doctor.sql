-- What a doctor's connection relies on: it changes nothing, and a table that somebody has locked, or one
-- that is large, must not keep it from its other checks.
set default_transaction_isolation = 'read committed';
set default_transaction_read_only = on;
set timezone = 'UTC';
set lock_timeout = '3s';
set statement_timeout = '30s';
set search_path = public, pg_temp
