-- Tells posts that are there whether their gates are. Posts that come later look for themselves.
-- In: staged creates, updates and deletes of both kinds of gates, after their merges.
-- Posts and gates of one repo are under one partition lock.
with touched as (
    select subject as uri from stage_records where kind in ('thread_gates', 'post_gates')
    union
    select 'at://' || split_part(uri, '/', 3) || '/app.bsky.feed.post/' || split_part(uri, '/', 5)
    from stage_deletes where kind in ('thread_gates', 'post_gates')
), gates as (
    select uri,
           exists (select from thread_gates t where t.post_uri = touched.uri offset 0) as thread,
           exists (select from post_gates g where g.post_uri = touched.uri offset 0) as embedding
    from touched
)
update posts p
set has_thread_gate = gates.thread, has_post_gate = gates.embedding
from gates
where p.uri = gates.uri
  and (p.has_thread_gate, p.has_post_gate) is distinct from (gates.thread, gates.embedding)
