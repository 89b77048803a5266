-- What a lane's connection relies on, whatever the role or the database has set.
-- Staging tables have no statistics and the merges are prepared once, so their generic plans must
-- stay right while the tables grow from nothing to billions: rows are always reached by index from
-- the staged side. By one index: of two conditions a bitmap may take the wide one too, and has read all
-- top-level posts (root_uri is null) for each gate. What these settings cannot forbid (an index-only scan
-- of a whole index, a hashed sub-select) the statements forbid with "offset 0", which keeps a sub-select
-- where it stands. A table that was empty when it was analysed passes for one of no rows however it has
-- grown, and would be read whole beside the staged rows: so rows to delete are named by an array of
-- their keys, not by a join.
-- Sorts of a whole batch stay in memory, and so does the batch itself: with the default of 8 MB a
-- large one goes through files. A cut network must not leave locks behind, hence the
-- time-outs.
set default_transaction_isolation = 'read committed';
set default_transaction_read_only = off;
set synchronous_commit = on;
set timezone = 'UTC';
set lock_timeout = '30s';
set statement_timeout = 0;
set idle_in_transaction_session_timeout = '10s';
set tcp_user_timeout = '20s';
set tcp_keepalives_idle = 10;
set tcp_keepalives_interval = 5;
set tcp_keepalives_count = 3;
set enable_hashjoin = off;
set enable_mergejoin = off;
set enable_seqscan = off;
set enable_bitmapscan = off;
set jit = off;
set work_mem = '32MB';
set temp_buffers = '24MB';
set client_min_messages = warning;
set search_path = public, pg_temp
