-- The viewer states, by where they lie, of pairs that no reaction is left of. A part of the statements
-- that remove and clear them. {touched}: the pairs, as key1 the viewer and key2 the post.
select v.at
from {touched} t
cross join lateral (
    select v.ctid as at from post_viewer_states v
    where v.post_uri = t.key2 and v.viewer_did = t.key1
    offset 0
) v
where not exists (select from likes l     where l.user_did = t.key1 and l.post_uri = t.key2 offset 0)
  and not exists (select from reposts r   where r.user_did = t.key1 and r.post_uri = t.key2 offset 0)
  and not exists (select from bookmarks b where b.user_did = t.key1 and b.post_uri = t.key2 offset 0)
