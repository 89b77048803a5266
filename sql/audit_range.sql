-- The end of the next key range: so near that it takes not much more than $2 rows from any source.
-- In: $1 the key after which it begins. Out: its last key, or null where the rest is no longer.
-- {ends}: for each source the key of its row number $2 from there.
select least({ends})::text
