-- The server and the database, as a session of this role finds them. Out: one row.
select current_setting('server_version_num')::int4,
       current_setting('server_encoding'),
       (select reset_val from pg_settings where name = 'TimeZone'),
       current_setting('fsync'),
       current_setting('full_page_writes'),
       current_setting('autovacuum'),
       datcollate::text,
       coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
       to_jsonb(d) ->> 'datcollversion',
       age(datfrozenxid)
from pg_database d where datname = current_database()
