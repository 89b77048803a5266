-- Whether a post p breaks the rules of its thread's gate. Who began the thread may always answer; nobody
-- else where no rule lets them. Whom the root mentions stands in its facets, of which incumbents stored
-- some as the Python reader's: with py_type for $type. A part of the statements that judge.
exists (
    select from thread_gates g
    where p.parent_uri is not null
      and g.post_uri = coalesce(p.root_uri, p.parent_uri)
      and g.owner_did <> p.author_did
      and not (g.allow_mentions and exists (
          select from posts r
          where r.uri = g.post_uri
            and (r.facets @> jsonb_build_array(jsonb_build_object('features', jsonb_build_array(
                     jsonb_build_object('$type', 'app.bsky.richtext.facet#mention', 'did', p.author_did))))
              or r.facets @> jsonb_build_array(jsonb_build_object('features', jsonb_build_array(
                     jsonb_build_object('py_type', 'app.bsky.richtext.facet#mention', 'did', p.author_did)))))
          offset 0))
      and not (g.allow_following and exists (
          select from follows f
          where f.follower_did = g.owner_did and f.following_did = p.author_did
          offset 0))
      and not (g.allow_list_members and exists (
          select from jsonb_array_elements_text(
              case jsonb_typeof(g.allow_list_uris) when 'array' then g.allow_list_uris else '[]' end) as a (uri)
          where exists (select from list_items i
                        where i.list_uri = a.uri and i.subject_did = p.author_did offset 0)
          offset 0))
    offset 0
)
