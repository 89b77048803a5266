-- Marks a database whose tables are empty as ours, and says whose the rows are.
-- One statement, so one snapshot: whoever sees rows of another worker sees the mark that it left
-- before it wrote them.
-- users is not asked: the AppView makes rows there too, for whoever signs in.
-- Out: whether there is a mark, whether there are rows, whether a takeover has been broken off.
with tables as (
    select exists (select from likes) or exists (select from posts) or exists (select from reposts)
        or exists (select from follows) or exists (select from blocks) as filled
), marked as (
    insert into forebay.origin (made)
    select 'empty' from tables
    where not filled and not exists (select from forebay.origin)
    on conflict do nothing
)
select exists (select from forebay.origin), filled, exists (select from forebay.takeover) from tables
