-- Deletes a record's row, row by row, as the baseline of the measurements has it. In: uri.
delete from {table} where uri = $1
