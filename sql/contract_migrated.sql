-- Out: the last migration of schema forebay; null for none.
select max(version)::int4 from forebay.migrations
