-- Staging for the DIDs that a batch's creates and updates name: each gets a users row.
-- In: binary COPY, columns in this order. One row per DID.
create temp table stage_users (
    did         text not null,
    position    timestamp not null
) on commit delete rows
