-- Has the rows of counts of these posts locked: those that began the threads of staged replies, those that
-- staged posts quote, and those that gates are for. What the rest of the transaction decides by them then sees whatever another, which
-- had them before, has committed.
-- In: stage_posts as merged, staged creates, updates and deletes of gates. Out: deltas of 0.
insert into stage_deltas (uri)
select root_uri from stage_posts where root_uri is not null
union
select quoted_uri from stage_posts where quoted_uri is not null
union
select subject from stage_records where kind in ('thread_gates', 'post_gates')
union
select 'at://' || split_part(uri, '/', 3) || '/app.bsky.feed.post/' || split_part(uri, '/', 5)
from stage_deletes where kind in ('thread_gates', 'post_gates')
