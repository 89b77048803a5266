-- Sets the like of replies that their threads' root authors liked, or like no more. One look-up for
-- each liked post: most are no replies, and most who like are not the root's author.
-- In: $1 posts of likes that went straight in, each once, and $2 who likes each, with a space before and
-- behind every DID; stage_contested of kind 'reactions'. A reply's row is made by whoever makes the reply.
-- Lock order: none of its own; under the locks of the posts' rows of counts.
with liked (uri, dids) as (
    select * from unnest($1::text[], $2::text[])
    union all
    select key2, ' ' || key1 || ' ' from stage_contested where kind = 'reactions'
), by_root_author as (
    select l.uri from liked l
    where exists (
        select from posts p
        where p.uri = l.uri and p.parent_uri is not null
          and strpos(l.dids, ' ' || split_part(coalesce(p.root_uri, p.parent_uri), '/', 3) || ' ') > 0
        offset 0
    )
)
update thread_contexts t
set root_author_like_uri = {like}, updated_at = now()
where t.post_uri = any (array(select uri from by_root_author))
  and t.root_author_like_uri is distinct from {like}
