-- Finds the keys to settle: of staged rows that are neither there nor superseded, the key that
-- they want and those under which an older version of theirs stands.
-- In: stage_pairs of kind '{table}', after the plain ones were added. Out: contested keys.
insert into stage_contested (kind, key1, key2)
select distinct '{table}', k.key1, k.key2
from stage_pairs s
left join forebay.duplicates d on d.uri = s.uri
cross join lateral (
    select s.key1, s.key2
    union all
    select {held_key1}, {held_key2} from {table} t where t.uri = s.uri
    union all
    select d.key1, d.key2 where d.uri is not null
) k
where s.kind = '{table}' and {unsettled}
