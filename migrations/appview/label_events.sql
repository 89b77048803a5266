create table public.label_events (
    id          serial       not null,
    label_uri   varchar(512) not null,
    action      varchar(32)  not null,
    created_at  timestamp    not null default now(),
    constraint label_events_pkey primary key (id),
    constraint label_events_label_uri_labels_uri_fk foreign key (label_uri) references public.labels(uri) on delete cascade
);
create index idx_label_events_created_at on public.label_events (created_at);
create index idx_label_events_label_uri on public.label_events (label_uri);
