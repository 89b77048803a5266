-- Why workers before this one stopped; taken out, so that what has been mended is not held against
-- the database for ever.
-- In: nothing. Conflict key: none. Lock order: a handful of rows, and whoever waits for another
-- finds them gone.
delete from forebay.broken returning kind, sqlstate, table_name, blamed
