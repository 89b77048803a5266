-- The transaction that this statement runs in: what later ones write is told from what was there by it.
-- Out: its id.
select pg_current_xact_id()::xid::text
