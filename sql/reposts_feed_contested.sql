-- Makes the feed items of contested reposts that hold their pair now.
-- In: forebay.duplicates, stage_contested of kind 'reposts'.
insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
select distinct d.uri, d.key2, d.key1, 'repost', d.created_at, d.cid, d.created_at, d.position
from stage_contested c
cross join lateral (
    select d.* from forebay.duplicates d
    where d.kind = 'reposts' and d.key1 = c.key1 and d.key2 = c.key2
    offset 0
) d
where c.kind = 'reposts' and exists (select from reposts r where r.uri = d.uri offset 0)
