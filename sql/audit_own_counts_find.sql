-- Finds rows of {table} whose own like_count is not the number of likes, in one snapshot.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: row, kind, what it is.
select t.uri::text, '{table} like_count',
       format('%s: like_count is %s, rows %s', t.uri, t.like_count, l.n)
from {table} t
cross join lateral (select count(*) as n from likes where post_uri = t.uri) l
where t.uri > $1::text and ($2::text is null or t.uri <= $2::text)
  and t.like_count is distinct from l.n
order by t.uri
