-- Removes post gates that were deleted.
-- In: stage_deletes of kind 'post_gates'; the gate's post has the same repo and rkey.
delete from post_gates t
using stage_deletes d
where d.kind = 'post_gates'
  and t.post_uri = 'at://' || split_part(d.uri, '/', 3) || '/app.bsky.feed.post/' || split_part(d.uri, '/', 5)
  and {at_or_before}
