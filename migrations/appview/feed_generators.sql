create table public.feed_generators (
    uri           varchar(512) not null,
    cid           varchar(255) not null,
    creator_did   varchar(255) not null,
    did           varchar(255) not null,
    display_name  varchar(255) not null,
    description   text,
    avatar_url    text,
    like_count    int4         not null default 0,
    created_at    timestamp    not null,
    indexed_at    timestamp    not null default now(),
    constraint feed_generators_pkey primary key (uri)
);
create index idx_feed_generators_creator on public.feed_generators (creator_did);
create index idx_feed_generators_did on public.feed_generators (did);
create index idx_feed_generators_indexed_at on public.feed_generators (indexed_at);
create index idx_feed_generators_like_count on public.feed_generators (like_count);
