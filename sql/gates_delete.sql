-- Removes gates that were deleted; for thread gates that is also an update that allows anyone.
-- In: stage_deletes of kind '{table}'; the gate's post has the same repo and rkey.
delete from {table} t
where t.post_uri = any (array(
    select post.uri
    from stage_deletes d
    cross join lateral (
        select 'at://' || split_part(d.uri, '/', 3) || '/app.bsky.feed.post/' || split_part(d.uri, '/', 5) as uri
    ) as post
    where d.kind = '{table}'
      and exists (select from {table} t where t.post_uri = post.uri and {at_or_before} offset 0)
))
