-- Adds the batch's deltas to the posts' counts: one upsert, and the last statement that locks rows,
-- because hot posts are wanted by every lane.
-- In: $1 the posts' uris, each once, in ascending order of their bytes; $2 to $6 what their counts change
-- by. Conflict key: post_uri. Both sides add up. Lock order: post_uri, as they come.
-- A delta of 0 makes a row that is missing and leaves others alone.
-- Out: how many rows were added: an updated one has an xmax.
with put as (
    insert into post_aggregations (post_uri, like_count, repost_count, reply_count, bookmark_count, quote_count)
    select * from unnest($1::text[], $2::int4[], $3::int4[], $4::int4[], $5::int4[], $6::int4[])
    on conflict (post_uri) do update
    set like_count     = post_aggregations.like_count + excluded.like_count,
        repost_count   = post_aggregations.repost_count + excluded.repost_count,
        reply_count    = post_aggregations.reply_count + excluded.reply_count,
        bookmark_count = post_aggregations.bookmark_count + excluded.bookmark_count,
        quote_count    = post_aggregations.quote_count + excluded.quote_count,
        updated_at     = excluded.updated_at
    where (excluded.like_count, excluded.repost_count, excluded.reply_count,
           excluded.bookmark_count, excluded.quote_count) <> (0, 0, 0, 0, 0)
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
