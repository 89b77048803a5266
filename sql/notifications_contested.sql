-- The contested records of {table} under the keys that were settled: a part of the statements about
-- notifications. Keys may stand twice.
select distinct d.uri, d.key1 as author_did, d.key2 as subject, d.cid, d.created_at, d.position as indexed_at
from stage_contested c
cross join lateral (
    select d.* from forebay.duplicates d
    where d.kind = '{table}' and d.key1 = c.key1 and d.key2 = c.key2
    offset 0
) d
where c.kind = '{table}'
