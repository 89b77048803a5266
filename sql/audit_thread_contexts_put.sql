-- Sets the thread contexts of replies. In: {replies}, a condition on posts p. Under all partition locks.
-- Lock order: post_uri.
insert into thread_contexts (post_uri, root_author_like_uri)
select p.uri, {like}
from posts p
where {replies} and p.parent_uri is not null
order by p.uri collate "C"
on conflict (post_uri) do update
set root_author_like_uri = excluded.root_author_like_uri, updated_at = excluded.updated_at
where thread_contexts.root_author_like_uri is distinct from excluded.root_author_like_uri
