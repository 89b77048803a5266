-- Notes that a bulk backfill is under way: counts are not kept until it ends. Conflict key: the one row.
insert into forebay.bulk (counted) values (false) on conflict (one) do update set counted = false
