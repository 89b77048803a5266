create table public.quotes (
    uri         varchar(512) not null,
    cid         varchar(255) not null,
    post_uri    varchar(512) not null,
    quoted_uri  varchar(512) not null,
    quoted_cid  varchar(255),
    created_at  timestamp    not null,
    indexed_at  timestamp    not null default now(),
    constraint quotes_pkey primary key (uri)
);
create unique index unique_quote_post_quoted on public.quotes (post_uri, quoted_uri);
create index idx_quotes_post on public.quotes (post_uri);
create index idx_quotes_quoted on public.quotes (quoted_uri);
