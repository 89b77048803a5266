-- Adds the staged records of a table with a second unique key, less those in stage_left, without
-- looking for conflicts, which goes down each unique index twice. Fails (23505) if one collides; then it
-- is undone, with pairs_left_plain.sql, and done by pairs_put.sql.
-- In: the staged rows of '{table}', which are copied in the order of their uris: so they are added.
with added as (
    insert into {table} ({columns})
    select {values} from {staged}
      and s.uri not in (select l.uri from stage_left l where l.kind = '{table}')
    returning 1
)
select count(*) from added
