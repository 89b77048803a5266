-- Forgets a takeover that was disturbed: what was seen may have been written to since.
with over as (delete from forebay.takeover)
delete from forebay.takeover_progress
