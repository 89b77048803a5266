create table public.user_settings (
    user_did                     varchar(255) not null,
    blocked_keywords             jsonb        not null default '[]'::jsonb,
    muted_users                  jsonb        not null default '[]'::jsonb,
    custom_lists                 jsonb        not null default '[]'::jsonb,
    feed_preferences             jsonb        not null default '{}'::jsonb,
    data_collection_forbidden    bool         not null default false,
    last_backfill_at             timestamp,
    last_liked_posts_backfill    timestamp,
    last_follows_backfill        timestamp,
    last_feeds_backfill          timestamp,
    last_notifications_backfill  timestamp,
    created_at                   timestamp    not null default now(),
    updated_at                   timestamp    not null default now(),
    constraint user_settings_pkey primary key (user_did),
    constraint user_settings_user_did_users_did_fk foreign key (user_did) references public.users(did) on delete cascade
);
