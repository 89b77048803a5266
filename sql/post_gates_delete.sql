-- Removes post gates that were deleted.
-- In: stage_deletes of kind 'post_gates'; the gate's post has the same repo and rkey.
delete from post_gates t
where t.post_uri = any (array(
    select post.uri
    from stage_deletes d
    cross join lateral (
        select 'at://' || split_part(d.uri, '/', 3) || '/app.bsky.feed.post/' || split_part(d.uri, '/', 5) as uri
    ) as post
    where d.kind = 'post_gates'
      and exists (select from post_gates t where t.post_uri = post.uri and {at_or_before} offset 0)
))
