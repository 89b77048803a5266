-- Why a worker stopped: a kind of row that the database refused for one reason. The next worker
-- takes the rows out and stops again at the first refusal of that kind.
create table forebay.broken (
    kind       text        not null primary key,
    sqlstate   text        not null,
    table_name text,
    blamed     text,
    at         timestamptz not null default now()
);
