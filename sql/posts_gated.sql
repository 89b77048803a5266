-- Tells posts whether their gates are there.
-- In: $1 posts, of repos whose partition locks are held. Under the lock of posts' flags.
update posts p
set has_thread_gate = exists (select from thread_gates t where t.post_uri = p.uri offset 0),
    has_post_gate = exists (select from post_gates g where g.post_uri = p.uri offset 0)
where p.uri = any ($1::text[])
