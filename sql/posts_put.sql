-- Merges posts. In: stage_posts, freed of stale ones, so that each that is left wins.
-- Conflict key: uri. Lock order: uri, in which rows are staged. What the AppView keeps in the row
-- (search_vector, the violates_* flags) is left alone. Gates of the same repo were merged before.
-- Out: how many rows were added: an updated one has an xmax.
with put as (
    insert into posts (uri, cid, author_did, text, langs, parent_uri, parent_cid, root_uri, root_cid,
                       embed, facets, tags, has_thread_gate, has_post_gate, created_at, indexed_at,
                       commit_time, commit_seq, commit_rev)
    select uri, cid, author_did, body, langs, parent_uri, parent_cid, root_uri, root_cid,
           embed, facets, tags,
           exists (select from thread_gates g where g.post_uri = s.uri offset 0),
           exists (select from post_gates g where g.post_uri = s.uri offset 0),
           created_at, position, commit_time, commit_seq, commit_rev
    from stage_posts s
    on conflict (uri) do update
    set cid = excluded.cid, author_did = excluded.author_did, text = excluded.text,
        langs = excluded.langs, parent_uri = excluded.parent_uri, parent_cid = excluded.parent_cid,
        root_uri = excluded.root_uri, root_cid = excluded.root_cid, embed = excluded.embed,
        facets = excluded.facets, tags = excluded.tags,
        has_thread_gate = excluded.has_thread_gate, has_post_gate = excluded.has_post_gate,
        created_at = excluded.created_at, indexed_at = excluded.indexed_at,
        commit_time = excluded.commit_time, commit_seq = excluded.commit_seq,
        commit_rev = excluded.commit_rev
    returning xmax = 0 as added
)
select count(*) filter (where added) from put
