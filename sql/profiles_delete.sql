-- Empties the profile columns of users whose profile record was deleted.
-- In: stage_deletes of kind 'users', whose uri's authority is the DID.
update users t
set display_name = null, description = null, avatar_url = null, banner_url = null,
    pinned_post = null, profile_record = null
where t.did = any (array(
    select split_part(d.uri, '/', 3) from stage_deletes d
    where d.kind = 'users'
      and exists (select from users t
                  where t.did = split_part(d.uri, '/', 3) and t.profile_record is not null
                    and {at_or_before} offset 0)
))
