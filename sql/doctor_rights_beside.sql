-- Rights on schemas and the database that this role lacks.
select 'usage on schema ' || nspname from pg_namespace
where nspname in ('public', 'forebay') and not has_schema_privilege(oid, 'usage')
union all
select 'temporary on database ' || current_database()
where not has_database_privilege(current_database(), 'temporary')
