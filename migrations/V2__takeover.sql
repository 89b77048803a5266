-- Whose rows the AppView's tables hold, and how far a takeover has come.

-- One row once it is known that every row that is stamped after the stream's first entry has its
-- position for a stamp: the first worker found the tables empty, or a takeover has seen to it.
-- boundary is what the takeover stamped the rows of others with.
create table forebay.origin (
    one      boolean     not null primary key default true check (one),
    made     text        not null check (made in ('empty', 'takeover')),
    boundary timestamp,
    made_at  timestamptz not null default now()
);

-- The takeover that is under way, if there is one: it goes on where it was broken off.
create table forebay.takeover (
    one        boolean     not null primary key default true check (one),
    first_id   text        not null,
    boundary   timestamp   not null,
    started_at timestamptz not null default now()
);

-- How far it has come in each table: everything up to and with last_key has been seen.
create table forebay.takeover_progress (
    table_name text    not null primary key,
    last_key   text    not null,
    seen       int8    not null,
    restamped  int8    not null,
    done       boolean not null
);
