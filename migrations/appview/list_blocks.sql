create table public.list_blocks (
    uri          varchar(512) not null,
    blocker_did  varchar(255) not null,
    list_uri     varchar(512) not null,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint list_blocks_pkey primary key (uri)
);
create unique index unique_list_block on public.list_blocks (blocker_did, list_uri);
create index idx_list_blocks_blocker on public.list_blocks (blocker_did);
create index idx_list_blocks_list on public.list_blocks (list_uri);
