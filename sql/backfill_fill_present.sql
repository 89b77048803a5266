-- Takes from staging what is there already, whatever its position: a record without a position of its
-- own only fills what is missing. Contested records, which need not have a row, are there too.
-- In: the staged rows of '{kind}'; $1 and $2 the first and last version of rows that are the source's own.
delete from {staged}
  and (exists (select from {table} t where {match} and not (t.{version} between $1 and $2) offset 0)
       or exists (select from forebay.duplicates d
                  where d.uri = s.uri and not (d.position between $1 and $2) offset 0))
