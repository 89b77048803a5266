-- Merges thread gates. In: stage_records of kind 'thread_gates' (subject is the post).
-- Conflict key: post_uri. Who wins: the later position, in updated_at. Lock order: post_uri.
insert into thread_gates (post_uri, owner_did, allow_mentions, allow_following,
                          allow_list_members, allow_list_uris, created_at, updated_at)
select subject, did, flag_a, flag_b, flag_c, body, created_at, position
from stage_records where kind = 'thread_gates'
order by subject collate "C"
on conflict (post_uri) do update
set owner_did          = excluded.owner_did,
    allow_mentions     = excluded.allow_mentions,
    allow_following    = excluded.allow_following,
    allow_list_members = excluded.allow_list_members,
    allow_list_uris    = excluded.allow_list_uris,
    created_at         = excluded.created_at,
    updated_at         = excluded.updated_at
where thread_gates.updated_at < excluded.updated_at
