-- A post, row by row, as the baseline of the measurements has it.
-- In: uri, CID, DID, text, langs, embed, facets, parent and its CID, root and its CID, createdAt.
-- Conflict: uri; the row that is there stays.
insert into posts (uri, cid, author_did, text, langs, embed, facets,
                   parent_uri, parent_cid, root_uri, root_cid, created_at)
values ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, $7::text::jsonb,
        $8, $9, $10, $11, coalesce($12::text::timestamptz, now()) at time zone 'UTC')
on conflict do nothing
