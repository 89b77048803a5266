-- Writes profiles into their users rows, which users_stub.sql has made.
-- In: stage_records of kind 'users'. Who wins: the later position; indexed_at is a version only
-- while there is a profile. The handle is not the profile's to change. Rows of own repos only.
update users u
set display_name   = s.name,
    description    = s.description,
    avatar_url     = s.avatar,
    banner_url     = s.banner,
    pinned_post    = s.extra,
    profile_record = s.body,
    indexed_at     = s.position
from stage_records s
where s.kind = 'users' and u.did = s.did
  and (u.profile_record is null or u.indexed_at < s.position)
