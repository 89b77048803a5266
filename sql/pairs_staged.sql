-- Which rows of a table with a second unique key are staged.
select s.uri from {staged}
