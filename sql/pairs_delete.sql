-- Removes deleted records of a table with a second unique key.
-- In: stage_deletes of kind '{table}'.
delete from {table} t
using stage_deletes d
where d.kind = '{table}' and t.uri = d.uri and {at_or_before}
