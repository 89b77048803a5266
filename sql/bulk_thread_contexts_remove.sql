-- Removes all thread contexts of what is no reply. Under all partition locks.
delete from thread_contexts t
where not exists (select from posts p where p.uri = t.post_uri and p.parent_uri is not null)
