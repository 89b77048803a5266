create table public.posts (
    uri                       varchar(512) not null,
    cid                       varchar(255) not null,
    author_did                varchar(255) not null,
    text                      text         not null,
    langs                     jsonb,
    parent_uri                varchar(512),
    parent_cid                varchar(255),
    root_uri                  varchar(512),
    root_cid                  varchar(255),
    embed                     jsonb,
    facets                    jsonb,
    violates_thread_gate      bool         not null default false,
    violates_embedding_rules  bool         not null default false,
    has_thread_gate           bool         not null default false,
    has_post_gate             bool         not null default false,
    tags                      jsonb        not null default '[]'::jsonb,
    search_vector             tsvector,
    created_at                timestamp    not null,
    indexed_at                timestamp    not null default now(),
    commit_time               timestamp,
    commit_seq                varchar(32),
    commit_rev                varchar(64),
    constraint posts_pkey primary key (uri)
);
create index idx_posts_author_did on public.posts (author_did);
create index idx_posts_indexed_at on public.posts (indexed_at);
create index idx_posts_parent_uri on public.posts (parent_uri);
create index idx_posts_root_uri on public.posts (root_uri);
create index idx_posts_search_vector on public.posts using gin (search_vector);
