-- Merges the quotes of staged posts. In: stage_posts as merged; older quotes of theirs are gone.
-- Conflict key: uri, and (post_uri, quoted_uri). Who is there stays. Lock order: uri.
-- Out: deltas of what was really added.
with added as (
    insert into quotes (uri, cid, post_uri, quoted_uri, quoted_cid, created_at, indexed_at)
    select uri || '#quote', cid, uri, quoted_uri, quoted_cid, created_at, position
    from stage_posts where quoted_uri is not null
    order by uri collate "C"
    on conflict do nothing
    returning quoted_uri
)
insert into stage_deltas (uri, quotes)
select quoted_uri, count(*) from added group by quoted_uri
