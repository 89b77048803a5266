create table public.bookmarks (
    uri         varchar(512) not null,
    user_did    varchar(255) not null,
    post_uri    varchar(512) not null,
    created_at  timestamp    not null,
    indexed_at  timestamp    not null default now(),
    constraint bookmarks_pkey primary key (uri)
);
create unique index unique_bookmark_user_post on public.bookmarks (user_did, post_uri);
create index idx_bookmarks_post_uri on public.bookmarks (post_uri);
create index idx_bookmarks_user_did on public.bookmarks (user_did);
