-- What forebay keeps beside the AppView's tables. Everything here is keyed so that one position
-- (a stream id as timestamp and tie) decides who wins; see src/position.rs.
--
-- Text takes the database's own collation, as the AppView's columns do: a merge that joins the two
-- must not have to sort again, and a join of different collations is an error.

-- Deleted records: what is older than its tombstone stays away.
create table forebay.tombstones (
    uri        text        not null primary key,
    position   timestamp   not null,
    tie        int8        not null default 0,
    written_at timestamptz not null default now()
);
create index tombstones_position on forebay.tombstones (position);

-- The rest of a row's position, where its indexed_at alone does not tell it from its neighbours:
-- more than 1,000 entries of one millisecond.
create table forebay.ties (
    uri      text      not null primary key,
    position timestamp not null,
    tie      int8      not null
);

-- Which identity event gave an account its handle.
create table forebay.handles (
    did      text      not null primary key,
    position timestamp not null,
    tie      int8      not null
);

-- What the last account event said.
create table forebay.accounts (
    did      text      not null primary key,
    active   boolean,
    status   text,
    position timestamp not null,
    tie      int8      not null
);

-- Every record of a contested pair, the one in the table too, with all that its row and its feed
-- item need.
create table forebay.duplicates (
    uri         text      not null primary key,
    kind        text      not null,
    key1        text      not null,
    key2        text      not null,
    cid         text      not null,
    subject_cid text,
    via         jsonb,
    handle      text,
    created_at  timestamp not null,
    position    timestamp not null,
    tie         int8      not null,
    commit_time timestamp,
    commit_seq  text,
    commit_rev  text
);
create index duplicates_pair on forebay.duplicates (kind, key1, key2);

-- What could not be stored, with its reason. op is the operation's number within its commit, -1
-- for a whole entry; orig_id is the id that the entry had first.
create table forebay.dead_letters (
    id         bigint      not null generated always as identity primary key,
    entry_id   text        not null,
    orig_id    text        not null,
    op         int         not null default -1,
    type       text        not null,
    data       bytea       not null,
    truncated  boolean     not null,
    seq        text        not null,
    deliveries int         not null,
    reason     text        not null,
    "column"   text,
    sqlstate   text,
    remedy     text        not null,
    written_at timestamptz not null default now(),
    constraint dead_letters_once unique (orig_id, op)
);
create index dead_letters_written_at on forebay.dead_letters (written_at);
