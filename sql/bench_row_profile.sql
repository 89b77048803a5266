-- A profile, row by row, as the baseline of the measurements has it.
-- In: did, name, description, record. Conflict: did; what comes later stands.
insert into users (did, handle, display_name, description, profile_record)
values ($1, 'handle.invalid', $2, $3, $4::text::jsonb)
on conflict (did) do update
set display_name = excluded.display_name, description = excluded.description,
    profile_record = excluded.profile_record
