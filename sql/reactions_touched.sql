-- Gathers the pairs of actor and post whose reactions may have changed, but for those that went straight
-- in. In: the staged likes, reposts and bookmarks as merged, and the contested keys of theirs; what was
-- deleted is among the reactions already (pairs_delete_counted.sql).
-- Out: stage_contested of kind 'reactions', where pairs may stand twice; and whether there are any.
with touched as (
    insert into stage_contested (kind, key1, key2)
    select 'reactions', key1, key2
    from (
        select key1, key2 from stage_likes
        union all
        select key1, key2 from stage_pairs where kind in ('reposts', 'bookmarks')
        union all
        select key1, key2 from stage_contested where kind in ('likes', 'reposts', 'bookmarks')
    ) s
    where split_part(key2, '/', 4) = 'app.bsky.feed.post'
    returning 1
)
select exists (select from touched)
    or exists (select from stage_contested where kind = 'reactions')
