-- Takes the holders of contested keys out of the table; the right ones are seated next, in a
-- statement of its own because one statement cannot see what another part of it removes.
-- In: stage_contested of kind '{table}'.
delete from {table} t
using stage_contested c
where c.kind = '{table}' and {key_match}
