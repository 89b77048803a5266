-- Feed items of the posts and reposts that were filled in.
insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
select uri, uri, author_did, 'post', created_at, cid, created_at, indexed_at from posts
union all
select uri, post_uri, user_did, 'repost', created_at, subject_cid, created_at, indexed_at from reposts
