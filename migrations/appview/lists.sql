create table public.lists (
    uri          varchar(512) not null,
    cid          varchar(255) not null,
    creator_did  varchar(255) not null,
    name         varchar(255) not null,
    purpose      varchar(64)  not null,
    description  text,
    avatar_url   text,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint lists_pkey primary key (uri)
);
create index idx_lists_creator on public.lists (creator_did);
create index idx_lists_indexed_at on public.lists (indexed_at);
create index idx_lists_purpose on public.lists (purpose);
