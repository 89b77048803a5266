-- Removes dead letters by their ids, and nothing that was written meanwhile. In: $1 the ids.
delete from forebay.dead_letters where id = any ($1)
