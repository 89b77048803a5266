create table public.post_gates (
    post_uri         varchar(512) not null,
    created_at       timestamp    not null default now(),
    embedding_rules  jsonb        not null default '{}'::jsonb,
    constraint post_gates_pkey primary key (post_uri)
);
create index idx_post_gates_created_at on public.post_gates (created_at);
