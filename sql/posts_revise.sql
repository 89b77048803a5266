-- Takes back what followed from the older versions of staged posts: the reply to their parent and
-- their quote. The new version's are added afterwards, so that a changed parent moves the count.
-- In: stage_posts without stale ones. Out: deltas.
with old as (
    select p.uri, p.parent_uri
    from stage_posts s
    cross join lateral (select p.uri, p.parent_uri from posts p where p.uri = s.uri offset 0) as p
), unquoted as (
    delete from quotes q
    where q.uri = any (array(select old.uri || '#quote' from old))
    returning q.quoted_uri
)
insert into stage_deltas (uri, replies, quotes)
select parent_uri, -count(*), 0 from old where parent_uri is not null group by parent_uri
union all
select quoted_uri, 0, -count(*) from unquoted group by quoted_uri
