-- What a connection of takeover and audit relies on. Their statements read ranges whose ends are
-- parameters, so each is planned for its own range. A lock that is not to be had, or a network that
-- is cut, must not leave the workers waiting.
set default_transaction_isolation = 'read committed';
set default_transaction_read_only = off;
set timezone = 'UTC';
set lock_timeout = '30s';
set statement_timeout = 0;
set idle_in_transaction_session_timeout = '60s';
set plan_cache_mode = force_custom_plan;
set jit = off;
set client_min_messages = warning;
set search_path = public, pg_temp
