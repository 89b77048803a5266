-- Removes thread contexts of what is no reply. In: $1 the posts. Under all partition locks.
delete from thread_contexts t
where t.post_uri = any ($1::text[])
  and not exists (select from posts p where p.uri = t.post_uri and p.parent_uri is not null)
