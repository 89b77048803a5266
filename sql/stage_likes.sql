-- Staging for likes, most of what comes: apart, so that the merges of the other pairs need not pass
-- them over. In: binary COPY, columns in this order. One row per uri: the batch keeps the newest.
-- key1, key2 are the second unique key, as in stage_pairs.
create temp table stage_likes (
    uri         text not null,
    key1        text not null,
    key2        text not null,
    subject_cid text,
    via         jsonb,
    created_at  timestamp not null,
    position    timestamp not null,
    tie         int8 not null,
    commit_time timestamp,
    commit_seq  text,
    commit_rev  text,
    cid         text                -- the record's own, which only its notification has
) on commit delete rows
