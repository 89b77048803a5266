-- PostgreSQL's version and the settings that decide how fast it writes. Out: name, value.
select name, current_setting(name)
from pg_settings
where name in ('server_version', 'shared_buffers', 'max_wal_size', 'fsync', 'synchronous_commit',
               'full_page_writes', 'wal_compression')
order by name <> 'server_version', name
