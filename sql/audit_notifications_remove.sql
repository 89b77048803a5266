-- Removes notifications that no record makes. In: $1 their uris. Under all partition locks.
delete from notifications n
where n.uri = any ($1::text[])
  and n.reason in ('like', 'repost', 'follow', 'reply', 'mention', 'quote')
  and not exists (select from ({of_record}) e where e.uri = n.uri)
