-- Whether a bulk backfill is under way or was broken off. Out: a row if so, with whether its counts are
-- added up.
select counted from forebay.bulk
