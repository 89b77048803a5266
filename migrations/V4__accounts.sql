-- Accounts whose records are removed, by an event of theirs (ACCOUNT_DELETED=purge) or by hand.

-- Whatever of this repo lies at or before the position is gone, or is about to go: done says that all
-- that was there has been removed. Until it is pruned, a row of the repo that comes late stays away.
create table forebay.purges (
    did        text        not null primary key,
    position   timestamp   not null,
    tie        int8        not null,
    done       boolean     not null default false,
    written_at timestamptz not null default now()
);
create index purges_position on forebay.purges (position);
create index purges_to_do on forebay.purges (position) where not done;

-- Who can work with this schema: a forebay whose last migration is at least this one. A migration
-- that only adds leaves it alone, so that workers from before it go on beside those from after it.
create table forebay.compatible (
    one    boolean not null primary key default true check (one),
    oldest int     not null
);
insert into forebay.compatible (oldest) values (4);
