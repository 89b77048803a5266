-- Seats the holder of each contested key: of its live records the one with the smallest
-- (position, uri). In: forebay.duplicates, stage_contested of kind '{table}'.
insert into {table} ({columns})
select {values} from (
    select distinct on (d.key1, d.key2) d.*
    from stage_contested c
    cross join lateral (
        select d.* from forebay.duplicates d
        where d.kind = '{table}' and d.key1 = c.key1 and d.key2 = c.key2
        offset 0
    ) d
    where c.kind = '{table}'
    order by d.key1, d.key2, d.position, d.tie, d.uri collate "C"
) s
