-- Finds the rows of one repository that are older than its export: they are not in it, since what is
-- in it was given the export's own time before.
-- In: $1 the repository, $2 the export's time. Out: the records' uris.
select ({uri})::text from {table} t where {owner} and t.{version} < $2
