-- Removes the notifications of deleted records, those read too, once the records are gone.
-- In: stage_deletes of kind '{table}', after the records' own deletes. Rows of own repos only.
delete from notifications n
where n.uri = any (array(
    select d.uri || '#notification' from stage_deletes d
    where d.kind = '{table}' and not exists (select from {table} t where t.uri = d.uri offset 0)
))
