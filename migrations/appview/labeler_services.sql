create table public.labeler_services (
    uri          varchar(512) not null,
    cid          varchar(255) not null,
    creator_did  varchar(255) not null,
    policies     jsonb        not null,
    like_count   int4         not null default 0,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    constraint labeler_services_pkey primary key (uri)
);
create index idx_labeler_services_creator on public.labeler_services (creator_did);
create index idx_labeler_services_indexed_at on public.labeler_services (indexed_at);
create index idx_labeler_services_like_count on public.labeler_services (like_count);
