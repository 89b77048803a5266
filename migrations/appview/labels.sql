create table public.labels (
    uri         varchar(512) not null,
    src         varchar(255) not null,
    subject     varchar(512) not null,
    val         varchar(128) not null,
    neg         bool         not null default false,
    created_at  timestamp    not null,
    indexed_at  timestamp    not null default now(),
    constraint labels_pkey primary key (uri)
);
create index idx_labels_src on public.labels (src);
create index idx_labels_subject on public.labels (subject);
create index idx_labels_subject_val on public.labels (subject, val);
create index idx_labels_val on public.labels (val);
