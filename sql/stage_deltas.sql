-- Staging for what the merges of one transaction change in counts: how many rows that point at
-- uri were really added, less those really removed. Any number of rows per uri; folded last.
create temp table stage_deltas (
    uri       text not null,
    likes     int4 not null default 0,
    reposts   int4 not null default 0,
    replies   int4 not null default 0,
    bookmarks int4 not null default 0,
    quotes    int4 not null default 0
) on commit delete rows
