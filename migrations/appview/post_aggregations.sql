create table public.post_aggregations (
    post_uri        varchar(512) not null,
    like_count      int4         not null default 0,
    repost_count    int4         not null default 0,
    reply_count     int4         not null default 0,
    bookmark_count  int4         not null default 0,
    quote_count     int4         not null default 0,
    created_at      timestamp    not null default now(),
    updated_at      timestamp    not null default now(),
    constraint post_aggregations_pkey primary key (post_uri)
);
create index idx_post_aggregations_bookmark_count on public.post_aggregations (bookmark_count);
create index idx_post_aggregations_like_count on public.post_aggregations (like_count);
create index idx_post_aggregations_quote_count on public.post_aggregations (quote_count);
create index idx_post_aggregations_reply_count on public.post_aggregations (reply_count);
create index idx_post_aggregations_repost_count on public.post_aggregations (repost_count);
