-- A bulk backfill is over.
delete from forebay.bulk
