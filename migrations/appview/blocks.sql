create table public.blocks (
    uri          varchar(512) not null,
    blocker_did  varchar(255) not null,
    blocked_did  varchar(255) not null,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    commit_time  timestamp,
    commit_seq   varchar(32),
    commit_rev   varchar(64),
    constraint blocks_pkey primary key (uri)
);
create unique index unique_block_blocker_blocked on public.blocks (blocker_did, blocked_did);
create index idx_blocks_blocked on public.blocks (blocked_did);
create index idx_blocks_blocker on public.blocks (blocker_did);
