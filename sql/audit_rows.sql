-- How many rows a table has. Its name is one of those that Redis counts.
select count(*) from {table}
