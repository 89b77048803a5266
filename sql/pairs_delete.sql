-- Removes deleted records of a table with a second unique key.
-- In: stage_deletes of kind '{table}'.
delete from {table} t
where t.uri = any (array(
    select d.uri from stage_deletes d
    where d.kind = '{table}'
      and exists (select from {table} t where t.uri = d.uri and {at_or_before} offset 0)
))
