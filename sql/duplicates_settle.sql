-- Forgets contested keys that one record alone is left to.
-- In: stage_contested of kind '{table}'.
delete from forebay.duplicates
where uri = any (array(
    select min(d.uri)
    from (select distinct key1, key2 from stage_contested where kind = '{table}') c
    cross join lateral (
        select d.* from forebay.duplicates d
        where d.kind = '{table}' and d.key1 = c.key1 and d.key2 = c.key2
        offset 0
    ) d
    group by c.key1, c.key2
    having count(*) = 1
))
