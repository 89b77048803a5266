-- How far a takeover has come in one table. In: $1 the table.
select last_key, seen, restamped, done from forebay.takeover_progress where table_name = $1
