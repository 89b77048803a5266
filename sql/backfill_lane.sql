-- Whether the last transaction of a lane is there. In: $1 the lane, $2 the run, $3 its number.
select exists (select from forebay.backfill_lanes where lane = $1 and run = $2 and seq = $3)
