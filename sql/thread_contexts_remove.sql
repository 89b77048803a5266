-- Removes the thread contexts of posts that are gone, or replies no more.
-- In: stage_posts as merged, stage_deletes of kind 'posts'. Under the locks of their rows of counts.
delete from thread_contexts
where post_uri = any (array(
    select uri from stage_posts where parent_uri is null
    union all
    select d.uri from stage_deletes d
    where d.kind = 'posts' and not exists (select from posts p where p.uri = d.uri offset 0)
))
