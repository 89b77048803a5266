-- Removes feed items of no record. In: $1 their uris. Under all partition locks.
delete from feed_items f
where f.uri = any ($1::text[])
  and not exists (select from posts p where p.uri = f.uri)
  and not exists (select from reposts r where r.uri = f.uri)
