-- Staging for records with a second unique key that could not simply be added, likes too: they are
-- settled row by row of the few. As stage_pairs.
create temp table stage_left (like stage_pairs) on commit delete rows
