create table public.list_items (
    uri          varchar(512) not null,
    cid          varchar(255) not null,
    list_uri     varchar(512) not null,
    subject_did  varchar(255) not null,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint list_items_pkey primary key (uri)
);
create unique index unique_list_item on public.list_items (list_uri, subject_did);
create index idx_list_items_list on public.list_items (list_uri);
create index idx_list_items_subject on public.list_items (subject_did);
