create table public.verifications (
    uri          varchar(512) not null,
    cid          varchar(255) not null,
    subject_did  varchar(255) not null,
    handle       varchar(255) not null,
    verified_at  timestamp    not null,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint verifications_pkey primary key (uri)
);
create unique index unique_verification_subject on public.verifications (subject_did);
create index idx_verifications_handle on public.verifications (handle);
create index idx_verifications_subject on public.verifications (subject_did);
