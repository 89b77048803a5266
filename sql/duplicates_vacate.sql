-- Takes the holders of contested keys out of the table; the right ones are seated next, in a
-- statement of its own because one statement cannot see what another part of it removes.
-- In: stage_contested of kind '{table}'.
delete from {table} t
where t.uri = any (array(
    select held.uri
    from stage_contested c
    cross join lateral (select t.uri from {table} t where {key_match} offset 0) as held
    where c.kind = '{table}'
))
