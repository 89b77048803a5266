-- Finds posts whose flags do not say whether their gates exist, in one snapshot.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: post, kind, what it is.
select p.uri::text, g.kind, format('%s: %s is %s, row %s', p.uri, g.kind, g.flag, g.there)
from posts p
cross join lateral (values
    ('has_thread_gate', p.has_thread_gate, exists (select from thread_gates t where t.post_uri = p.uri)),
    ('has_post_gate',   p.has_post_gate,   exists (select from post_gates   t where t.post_uri = p.uri))
) as g (kind, flag, there)
where p.uri > $1::text and ($2::text is null or p.uri <= $2::text) and g.flag <> g.there
order by p.uri
