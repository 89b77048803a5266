-- Ends a takeover: from now on every stamp after its boundary is a position.
with over as (
    delete from forebay.takeover returning boundary
), forgotten as (
    delete from forebay.takeover_progress
)
insert into forebay.origin (made, boundary)
select 'takeover', boundary from over
on conflict (one) do update
set made = excluded.made, boundary = excluded.boundary, made_at = now()
