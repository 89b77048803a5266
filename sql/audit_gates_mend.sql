-- Sets posts' flags to whether their gates exist. In: $1 the posts. Under all partition locks.
update posts p
set has_thread_gate = exists (select from thread_gates t where t.post_uri = p.uri),
    has_post_gate   = exists (select from post_gates   t where t.post_uri = p.uri)
where p.uri = any ($1::text[])
