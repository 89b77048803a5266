-- Merges post gates. In: stage_records of kind 'post_gates' (subject is the post).
-- Conflict key: post_uri. Who wins: the later position, in created_at. Lock order: post_uri.
insert into post_gates (post_uri, created_at, embedding_rules)
select subject, position, body
from stage_records where kind = 'post_gates'
order by subject collate "C"
on conflict (post_uri) do update
set created_at = excluded.created_at, embedding_rules = excluded.embedding_rules
where post_gates.created_at < excluded.created_at
