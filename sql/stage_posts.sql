-- Staging for posts, with what their feed item and their quote need.
-- In: binary COPY, columns in this order. One row per uri: the batch keeps the newest.
create temp table stage_posts (
    uri         text not null,
    cid         text not null,
    author_did  text not null,
    body        text not null,
    langs       jsonb,
    parent_uri  text,
    parent_cid  text,
    root_uri    text,
    root_cid    text,
    embed       jsonb,
    facets      jsonb,
    tags        jsonb not null,
    quoted_uri  text,
    quoted_cid  text,
    created_at  timestamp not null,
    position    timestamp not null,
    tie         int8 not null,
    commit_time timestamp,
    commit_seq  text,
    commit_rev  text
) on commit delete rows
