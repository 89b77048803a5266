-- The uri of a post by its number: ten users have six posts each ten, as bench_fill_users.sql has
-- one user for ten likes and bench_fill_posts.sql one post for six.
create function pg_temp.bench_post(n int8) returns text language sql immutable
return 'at://' || pg_temp.bench_did(n * 6 / 10) || '/app.bsky.feed.post/3k' || lpad(n::text, 11, '2')
