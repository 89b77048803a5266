create table public.follows (
    uri            varchar(512) not null,
    follower_did   varchar(255) not null,
    following_did  varchar(255) not null,
    created_at     timestamp    not null,
    indexed_at     timestamp    not null default now(),
    commit_time    timestamp,
    commit_seq     varchar(32),
    commit_rev     varchar(64),
    constraint follows_pkey primary key (uri)
);
create unique index unique_follow_follower_following on public.follows (follower_did, following_did);
create index idx_follows_follower on public.follows (follower_did);
create index idx_follows_following on public.follows (following_did);
