-- Finds posts whose flags do not say whether they break the rules of gates, in one snapshot.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: post, kind, what it is.
-- Not all posts need be judged by their threads' gates.
select p.uri::text, v.kind, format('%s: %s is %s, by the gates %s', p.uri, v.kind, v.flag, v.judged)
from posts p
cross join lateral (values
    ('violates_thread_gate', p.violates_thread_gate, {thread}, {due}),
    ('violates_embedding_rules', p.violates_embedding_rules, {embedding}, true)
) as v (kind, flag, judged, is_due)
where p.uri > $1::text and ($2::text is null or p.uri <= $2::text) and v.is_due and v.flag <> v.judged
order by p.uri
