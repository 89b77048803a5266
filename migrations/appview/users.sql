create table public.users (
    did             varchar(255) not null,
    handle          varchar(255) not null,
    display_name    varchar(255),
    avatar_url      text,
    banner_url      text,
    description     text,
    profile_record  jsonb,
    pinned_post     jsonb,
    search_vector   tsvector,
    created_at      timestamp    not null default now(),
    indexed_at      timestamp    not null default now(),
    constraint users_pkey primary key (did)
);
create index idx_users_created_at on public.users (created_at);
create index idx_users_handle on public.users (handle);
create index idx_users_search_vector on public.users using gin (search_vector);
