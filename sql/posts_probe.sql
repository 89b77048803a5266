-- Tries whether the server takes a post; always undone.
-- In: stage_posts; $1 the post's uri. Conflict key: uri; who is there stays. Only while poison is
-- isolated, when all partitions are held.
insert into posts (uri, cid, author_did, text, langs, parent_uri, parent_cid, root_uri, root_cid,
                   embed, facets, tags, has_thread_gate, has_post_gate, created_at, indexed_at,
                   commit_time, commit_seq, commit_rev)
select uri, cid, author_did, body, langs, parent_uri, parent_cid, root_uri, root_cid,
       embed, facets, tags, false, false, created_at, position, commit_time, commit_seq, commit_rev
from stage_posts where uri = $1
on conflict do nothing
