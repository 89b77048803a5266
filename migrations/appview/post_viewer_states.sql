create table public.post_viewer_states (
    post_uri            varchar(512) not null,
    viewer_did          varchar(255) not null,
    like_uri            varchar(512),
    repost_uri          varchar(512),
    bookmarked          bool         not null default false,
    thread_muted        bool         not null default false,
    reply_disabled      bool         not null default false,
    embedding_disabled  bool         not null default false,
    pinned              bool         not null default false,
    created_at          timestamp    not null default now(),
    updated_at          timestamp    not null default now()
);
create unique index idx_post_viewer_states_post_viewer on public.post_viewer_states (post_uri, viewer_did);
create index idx_post_viewer_states_post on public.post_viewer_states (post_uri);
create index idx_post_viewer_states_viewer on public.post_viewer_states (viewer_did);
