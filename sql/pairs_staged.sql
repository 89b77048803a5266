-- Which rows of a table with a second unique key are staged.
-- In: $1 the kind.
select uri from stage_pairs where kind = $1
