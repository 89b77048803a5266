-- Removes deleted posts and takes each from its parent's replies. Its own row of counts is touched too:
-- whoever settles what follows from a post of others' records holds that row.
-- In: stage_deletes of kind 'posts'. Out: deltas of what was really removed, and how many rows
-- that was.
with gone as (
    delete from posts t
    where t.uri = any (array(
        select d.uri from stage_deletes d
        where d.kind = 'posts'
          and exists (select from posts t where t.uri = d.uri and {at_or_before} offset 0)
    ))
    returning t.uri, t.parent_uri
), counted as (
    insert into stage_deltas (uri, replies)
    select parent_uri, -count(*) from gone where parent_uri is not null group by parent_uri
    union all
    select uri, 0 from gone
)
select count(*) from gone
