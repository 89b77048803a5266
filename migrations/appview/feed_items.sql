create table public.feed_items (
    uri             varchar(512) not null,
    post_uri        varchar(512) not null,
    originator_did  varchar(255) not null,
    type            varchar(32)  not null,
    sort_at         timestamp    not null,
    cid             varchar(255) not null,
    created_at      timestamp    not null,
    indexed_at      timestamp    not null default now(),
    constraint feed_items_pkey primary key (uri)
);
create index idx_feed_items_originator on public.feed_items (originator_did);
create index idx_feed_items_originator_sort on public.feed_items (originator_did, sort_at);
create index idx_feed_items_post on public.feed_items (post_uri);
create index idx_feed_items_sort_at on public.feed_items (sort_at);
create index idx_feed_items_type on public.feed_items (type);
