-- Staging for records that point at one thing and whose target has a second unique key.
-- In: binary COPY, columns in this order. One row per uri: the batch keeps the newest.
-- kind is the target table's name. key1, key2 are its second unique key, in its own order.
create temp table stage_pairs (
    uri         text not null,
    kind        text not null,
    key1        text not null,
    key2        text not null,      -- '' for verifications, whose key is the subject alone
    cid         text not null,      -- the record's own
    subject_cid text,
    via         jsonb,
    handle      text,               -- verifications only
    created_at  timestamp not null,
    position    timestamp not null,
    tie         int8 not null,
    commit_time timestamp,
    commit_seq  text,
    commit_rev  text
) on commit delete rows
