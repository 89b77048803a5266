-- The original ids of all dead letters. Compared by the caller: as texts they do not sort.
select orig_id from forebay.dead_letters
