-- Tries whether the server takes a row of a table with a second unique key, as pairs_put.sql would
-- add it; always undone.
-- In: the staged rows of '{table}'; $1 the row's uri. Conflict keys: uri and the second key; who is
-- there stays. Only while poison is isolated, when all partitions are held.
insert into {table} ({columns})
select {values} from {staged} and s.uri = $1
  and not exists (select from forebay.duplicates d where d.uri = s.uri offset 0)
on conflict do nothing
