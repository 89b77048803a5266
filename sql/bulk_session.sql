-- For whole tables at once: sorts and hashes in memory, within bounds. Locks are waited for as long as
-- it takes, but for a cut network.
set lock_timeout = 0;
set maintenance_work_mem = '256MB';
set work_mem = '128MB';
set idle_in_transaction_session_timeout = 0
