-- What waits in schema forebay: dead letters, the oldest one's age in seconds, tombstones by the
-- statistics, and purges that were asked for more than ten minutes ago.
select (select count(*) from forebay.dead_letters),
       (select extract(epoch from now() - min(written_at))::int8 from forebay.dead_letters),
       (select count(*) from forebay.purges where not done and written_at < now() - interval '10 minutes')
