create table public.firehose_cursor (
    id               serial       not null,
    service          varchar(255) not null,
    cursor           text,
    last_event_time  timestamp,
    updated_at       timestamp    not null default now(),
    constraint firehose_cursor_service_unique unique (service),
    constraint firehose_cursor_pkey primary key (id)
);
create unique index idx_firehose_cursor_service on public.firehose_cursor (service);
