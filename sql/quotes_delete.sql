-- Removes the quotes of posts that are gone. In: stage_deletes of kind 'posts', after
-- posts_delete.sql. Out: deltas of what was really removed.
with gone as (
    delete from quotes q
    where q.uri = any (array(
        select d.uri || '#quote' from stage_deletes d
        where d.kind = 'posts' and not exists (select from posts p where p.uri = d.uri offset 0)
    ))
    returning q.quoted_uri
)
insert into stage_deltas (uri, quotes)
select quoted_uri, -count(*) from gone group by quoted_uri
