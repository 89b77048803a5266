-- A post's counts, row by row, as the baseline of the measurements has it.
-- In: post, likes, reposts and replies to add. Conflict: post_uri; they are added to what is there.
insert into post_aggregations (post_uri, like_count, repost_count, reply_count)
values ($1, $2::text::int4, $3::text::int4, $4::text::int4)
on conflict (post_uri) do update
set like_count = post_aggregations.like_count + excluded.like_count,
    repost_count = post_aggregations.repost_count + excluded.repost_count,
    reply_count = post_aggregations.reply_count + excluded.reply_count
