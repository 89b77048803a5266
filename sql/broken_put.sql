-- Notes for the next worker why this one stops.
-- In: $1 kind, $2 SQLSTATE, $3 table, $4 constraint or column (both may be null).
-- Conflict key: kind; the last to stop wins. One row, so no lock order.
insert into forebay.broken (kind, sqlstate, table_name, blamed)
values ($1, $2, $3, $4)
on conflict (kind) do update
set sqlstate = excluded.sqlstate, table_name = excluded.table_name,
    blamed = excluded.blamed, at = now()
