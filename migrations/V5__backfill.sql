-- Sources of backfills and how far each has come, and up to where tombstones are gone.

-- A file, a stream of lines, or a span of a Redis stream. content tells it from another of that name.
create table forebay.backfill_sources (
    id       bigint      not null generated always as identity primary key,
    name     text        not null unique,
    content  text        not null,
    shares   int         not null,
    began_at timestamptz not null default now()
);

-- Everything of a share's repositories before `at` is stored, in the transaction that noted it. A
-- stream id has 128 bits.
create table forebay.backfill_progress (
    source     bigint      not null references forebay.backfill_sources on delete cascade,
    share      smallint    not null,
    at         numeric     not null,
    ended      boolean     not null,
    records    bigint      not null,
    filtered   bigint      not null,
    rejected   bigint      not null,
    written_at timestamptz not null default now(),
    primary key (source, share)
);

-- How many transactions each lane of the last backfill has committed.
create table forebay.backfill_lanes (
    lane int    not null primary key,
    run  text   not null,
    seq  bigint not null
);

-- Up to where tombstones have been pruned: whether a record that is older than this was deleted is not
-- known any more. One row, once there is something to say.
create table forebay.pruned (
    one      boolean   not null primary key default true check (one),
    position timestamp not null
);

-- Of databases that were used before this was noted, all but the tombstones that are left are gone.
insert into forebay.pruned (position)
select coalesce((select min(position) from forebay.tombstones), (now() at time zone 'UTC'))
where exists (select from forebay.origin);

-- Indexes that a bulk backfill has taken away, with what makes them again, and what else it has put off.
create table forebay.bulk_indexes (
    name       text        not null primary key,
    definition text        not null,
    dropped_at timestamptz not null default now()
);
create table forebay.bulk (
    one      boolean     not null primary key default true check (one),
    counted  boolean     not null,
    began_at timestamptz not null default now()
);
