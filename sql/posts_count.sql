-- Counts the staged posts as replies, and makes sure that each has its aggregations row.
-- In: stage_posts as merged. Out: deltas.
insert into stage_deltas (uri, replies)
select uri, 0 from stage_posts
union all
select parent_uri, count(*) from stage_posts where parent_uri is not null group by parent_uri
