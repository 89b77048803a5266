-- Saves what makes an index, in the transaction that drops it. In: $1 its name, $2 its definition.
-- Conflict key: name. One that was saved before and made again since is saved anew.
insert into forebay.bulk_indexes (name, definition) values ($1, $2)
on conflict (name) do update set definition = excluded.definition, dropped_at = now()
