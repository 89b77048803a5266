-- Counts the likes of rows of {table} anew. In: $1 their uris. Under all partition locks.
update {table} t
set like_count = l.n
from unnest($1::text[]) as u (uri)
cross join lateral (select count(*)::int4 as n from likes where post_uri = u.uri) l
where t.uri = u.uri and t.like_count is distinct from l.n
