-- Leaves in staging only the rows that have to be settled: not those that were added, are there
-- already, or are superseded. In: stage_pairs of kind '{table}', after the plain ones were added.
delete from stage_pairs s
where s.kind = '{table}'
  and coalesce(
      (select (d.position, d.tie) >= (s.position, s.tie)
       from forebay.duplicates d where d.uri = s.uri),
      exists (select from {table} t where t.uri = s.uri and t.indexed_at >= s.position offset 0)
  )
