-- Staging for the rarer records and for identities and accounts: one shape for all, because
-- every commit truncates each of a session's temporary tables.
-- In: binary COPY, columns in this order. One row per uri: the batch keeps the newest.
-- kind is the target table's name; which columns it uses stands in its merge.
create temp table stage_records (
    uri         text not null,
    kind        text not null,
    did         text not null,      -- owner of the record
    cid         text not null,
    subject     text,
    name        text,
    note        text,
    description text,
    avatar      text,
    banner      text,
    flag_a      boolean,
    flag_b      boolean,
    flag_c      boolean,
    body        jsonb,
    extra       jsonb,
    created_at  timestamp not null,
    position    timestamp not null,
    tie         int8 not null
) on commit delete rows
