create table public.thread_contexts (
    post_uri              varchar(512) not null,
    root_author_like_uri  varchar(512),
    created_at            timestamp    not null default now(),
    updated_at            timestamp    not null default now(),
    constraint thread_contexts_pkey primary key (post_uri)
);
create index idx_thread_contexts_root_author_like on public.thread_contexts (root_author_like_uri);
