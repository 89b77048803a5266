create table public.generic_records (
    uri          varchar(512) not null,
    cid          varchar(255) not null,
    author_did   varchar(255) not null,
    record_type  varchar(255) not null,
    record       jsonb        not null,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint generic_records_pkey primary key (uri)
);
create index idx_generic_records_author on public.generic_records (author_did);
create index idx_generic_records_created_at on public.generic_records (created_at);
create index idx_generic_records_type on public.generic_records (record_type);
