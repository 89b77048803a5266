-- Leaves of the rows that were not added those that have to be settled: not those that are there
-- already or are superseded. In: stage_left of kind '{table}'.
delete from stage_left s
where s.kind = '{table}'
  and coalesce(
      (select (d.position, d.tie) >= (s.position, s.tie)
       from forebay.duplicates d where d.uri = s.uri),
      exists (select from {table} t where t.uri = s.uri and t.indexed_at >= s.position offset 0)
  )
