create table public.starter_packs (
    uri          varchar(512) not null,
    cid          varchar(255) not null,
    creator_did  varchar(255) not null,
    name         varchar(255) not null,
    description  text,
    list_uri     varchar(512),
    feeds        jsonb        not null default '[]'::jsonb,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint starter_packs_pkey primary key (uri)
);
create index idx_starter_packs_creator on public.starter_packs (creator_did);
create index idx_starter_packs_indexed_at on public.starter_packs (indexed_at);
create index idx_starter_packs_list on public.starter_packs (list_uri);
