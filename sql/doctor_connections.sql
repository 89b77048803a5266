-- How many more connections the server, the database and the role allow. Null for no limit.
select current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8
           - (select count(*) from pg_stat_activity where datid is not null),
       (select nullif(datconnlimit, -1)::int8 - (select count(*) from pg_stat_activity a where a.datid = d.oid)
        from pg_database d where datname = current_database()),
       (select nullif(rolconnlimit, -1)::int8 - (select count(*) from pg_stat_activity a where a.usesysid = r.oid)
        from pg_roles r where rolname = current_user),
       current_setting('max_connections')::int8
