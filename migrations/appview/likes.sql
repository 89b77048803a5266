create table public.likes (
    uri          varchar(512) not null,
    user_did     varchar(255) not null,
    post_uri     varchar(512) not null,
    subject_cid  varchar(255),
    via          jsonb,
    created_at   timestamp    not null,
    indexed_at   timestamp    not null default now(),
    commit_time  timestamp,
    commit_seq   varchar(32),
    commit_rev   varchar(64),
    constraint likes_pkey primary key (uri)
);
create unique index unique_like_user_post on public.likes (user_did, post_uri);
create index idx_likes_post_uri on public.likes (post_uri);
create index idx_likes_user_did on public.likes (user_did);
