-- Removes the feed items of contested reposts, before those of the seated ones are made.
-- In: forebay.duplicates, stage_contested of kind 'reposts'.
delete from feed_items f
using stage_contested c
join forebay.duplicates d on d.kind = c.kind and d.key1 = c.key1 and d.key2 = c.key2
where c.kind = 'reposts' and f.uri = d.uri
