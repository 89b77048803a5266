-- As backfill_older.sql, of contested records, which need not have a row.
select t.uri from forebay.duplicates t
where starts_with(t.uri, 'at://' || $1::text || '/') and t.position < $2
