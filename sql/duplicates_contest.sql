-- Finds the keys to settle: of the rows left over the key that they want, and those under
-- which an older version of theirs stands.
-- In: stage_left of kind '{table}', after pairs_settled.sql. Out: contested keys.
insert into stage_contested (kind, key1, key2)
select distinct '{table}', k.key1, k.key2
from stage_left s
cross join lateral (
    select s.key1, s.key2
    union all
    select {held_key1}, {held_key2} from {table} t where t.uri = s.uri
    union all
    select d.key1, d.key2 from forebay.duplicates d where d.uri = s.uri
) k
where s.kind = '{table}'
