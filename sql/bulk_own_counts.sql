-- Counts the likes of all rows of {table} anew. Under all partition locks.
update {table} t set like_count = c.n
from (
    select r.uri, count(l.uri)::int4 as n
    from {table} r left join likes l on l.post_uri = r.uri
    group by r.uri
) c
where t.uri = c.uri and t.like_count is distinct from c.n
