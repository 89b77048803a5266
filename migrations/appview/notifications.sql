create table public.notifications (
    id              serial       not null,
    uri             varchar(512) not null,
    recipient_did   varchar(255) not null,
    author_did      varchar(255) not null,
    reason          varchar(64)  not null,
    reason_subject  varchar(512),
    cid             varchar(255),
    is_read         bool         not null default false,
    created_at      timestamp    not null,
    indexed_at      timestamp    not null default now(),
    constraint notifications_uri_unique unique (uri),
    constraint notifications_pkey primary key (id)
);
create index idx_notifications_created_at on public.notifications (created_at);
create index idx_notifications_indexed_at on public.notifications (indexed_at);
create index idx_notifications_recipient on public.notifications (recipient_did);
create index idx_notifications_recipient_read on public.notifications (recipient_did, is_read);
