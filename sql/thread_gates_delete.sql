-- Removes thread gates that were deleted, or updated to allow anyone.
-- In: stage_deletes of kind 'thread_gates'; the gate's post has the same repo and rkey.
delete from thread_gates t
using stage_deletes d
where d.kind = 'thread_gates'
  and t.post_uri = 'at://' || split_part(d.uri, '/', 3) || '/app.bsky.feed.post/' || split_part(d.uri, '/', 5)
  and {at_or_before}
