-- Makes the thread contexts of replies that were merged, with the like that is there already.
-- In: $1 replies that went straight in and $2 the DIDs of their threads' root authors; stage_posts as
-- merged. Conflict key: post_uri. Lock order: post_uri, under the locks of the replies' rows of counts
-- (DESIGN: whoever likes a reply waits for whoever makes it, and the second sees both).
-- Out: how many rows were added: an updated one has an xmax.
with replies (uri, root_author) as (
    select * from unnest($1::text[], $2::text[])
    union all
    select uri, split_part(coalesce(root_uri, parent_uri), '/', 3) from stage_posts
    where parent_uri is not null
), put as (
    insert into thread_contexts (post_uri, root_author_like_uri)
    select r.uri, (select l.uri from likes l
                   where l.user_did = r.root_author and l.post_uri = r.uri offset 0)
    from replies r
    order by r.uri collate "C"
    on conflict (post_uri) do update
    set root_author_like_uri = excluded.root_author_like_uri, updated_at = excluded.updated_at
    where thread_contexts.root_author_like_uri is distinct from excluded.root_author_like_uri
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
