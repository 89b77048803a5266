-- Whether a post p quotes one whose gate forbids it: all quotes but the author's own, or this one. A part
-- of the statements that judge.
exists (
    select from quotes q
    cross join lateral (
        select g.embedding_rules from post_gates g where g.post_uri = q.quoted_uri offset 0
    ) g
    where q.post_uri = p.uri
      and (coalesce(g.embedding_rules ->> 'disableRule', 'false') <> 'false'
               and split_part(q.quoted_uri, '/', 3) <> p.author_did
        or g.embedding_rules -> 'detachedEmbeddingUris' ? p.uri)
    offset 0
)
