-- Out: the server's version as a number, and whether schema forebay was ever made here.
select current_setting('server_version_num')::int4, to_regclass('forebay.migrations') is not null
