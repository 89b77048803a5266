-- A post's flags say whether its gates' rows exist.
with gates as (
    select p.uri, p.has_thread_gate, p.has_post_gate,
           exists (select from thread_gates t where t.post_uri = p.uri) as thread_gate,
           exists (select from post_gates g where g.post_uri = p.uri)   as post_gate
    from posts p
)
select format('%s has_thread_gate is %s, has_post_gate is %s, rows %s and %s',
              uri, has_thread_gate, has_post_gate, thread_gate, post_gate)
from gates
where (has_thread_gate, has_post_gate) <> (thread_gate, post_gate)
order by 1
