-- Removes the feed items of contested reposts, before those of the seated ones are made.
-- In: forebay.duplicates, stage_contested of kind 'reposts'.
delete from feed_items
where uri = any (array(
    select d.uri
    from stage_contested c
    cross join lateral (
        select d.* from forebay.duplicates d
        where d.kind = 'reposts' and d.key1 = c.key1 and d.key2 = c.key2
        offset 0
    ) d
    where c.kind = 'reposts'
))
