-- As duplicates_seat.sql, for a table whose rows count for their target. Out: deltas, and how many rows that was.
with seated as (
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
    returning {key2} as target
), counted as (
    insert into stage_deltas (uri, {table})
    select target, count(*) from seated group by target
)
select count(*) from seated
