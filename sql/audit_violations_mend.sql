-- Sets posts' flags to whether they break the rules of gates, as judged now.
-- In: {posts}, a condition on posts p. Under all partition locks.
update posts p
set violates_thread_gate = {thread}, violates_embedding_rules = {embedding}
where {posts}
  and (p.violates_thread_gate, p.violates_embedding_rules) is distinct from ({thread}, {embedding})
