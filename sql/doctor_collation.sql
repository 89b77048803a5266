-- The version that the system's collation has now; PostgreSQL 15 and later. Null for none.
select pg_database_collation_actual_version(oid) from pg_database where datname = current_database()
