create table public.thread_gates (
    post_uri            varchar(512) not null,
    owner_did           varchar(255) not null,
    allow_mentions      bool         not null default true,
    allow_following     bool         not null default true,
    allow_list_members  bool         not null default false,
    allow_list_uris     jsonb        not null default '[]'::jsonb,
    created_at          timestamp    not null default now(),
    updated_at          timestamp    not null default now(),
    constraint thread_gates_pkey primary key (post_uri)
);
create index idx_thread_gates_owner on public.thread_gates (owner_did);
