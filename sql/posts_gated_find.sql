-- Finds posts that are there and whose flags do not say whether their gates are. Posts that come later
-- look for themselves. In: staged creates, updates and deletes of both kinds of gates, after their merges.
-- Out: posts. Posts and gates of one repo are under one partition lock.
with touched as (
    select subject as uri from stage_records where kind in ('thread_gates', 'post_gates')
    union
    select 'at://' || split_part(uri, '/', 3) || '/app.bsky.feed.post/' || split_part(uri, '/', 5)
    from stage_deletes where kind in ('thread_gates', 'post_gates')
)
select p.uri::text
from posts p
where p.uri = any (array(select uri from touched))
  and (p.has_thread_gate, p.has_post_gate) is distinct from (
      exists (select from thread_gates t where t.post_uri = p.uri offset 0),
      exists (select from post_gates g where g.post_uri = p.uri offset 0))
