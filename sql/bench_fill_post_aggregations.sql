-- Counts of the posts that were filled in, from the numbers that they were made of: the same
-- arithmetic as in bench_fill_likes.sql, bench_fill_reposts.sql and bench_fill_posts.sql.
insert into post_aggregations (post_uri, like_count, repost_count, reply_count)
select pg_temp.bench_post(post), sum(likes), sum(reposts), sum(replies)
from (
    select n as post, 0 as likes, 0 as reposts, 0 as replies
    from generate_series(0::int8, {likes} / 6) n
    union all
    select (n % ({likes} / 10 + 1) * 2654435761 + n / ({likes} / 10 + 1) * 7919) % ({likes} / 6 + 1), 1, 0, 0
    from generate_series(1::int8, {likes}) n
    union all
    select (n % ({likes} / 10 + 1) * 2654435761 + n / ({likes} / 10 + 1) * 104729) % ({likes} / 6 + 1), 0, 1, 0
    from generate_series(1::int8, {likes} / 8) n
    union all
    select n / 3, 0, 0, 1 from generate_series(2::int8, {likes} / 6, 3) n
) counted
group by post
