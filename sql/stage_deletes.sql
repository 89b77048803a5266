-- Staging for deletes of every kind of record.
-- In: binary COPY, columns in this order. One row per uri: the batch keeps the newest.
-- kind is the table from which the record's row goes.
create temp table stage_deletes (
    uri         text not null,
    kind        text not null,
    position    timestamp not null,
    tie         int8 not null
) on commit delete rows
