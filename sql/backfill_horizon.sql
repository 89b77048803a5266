-- The latest position whose tombstone may be gone, in microseconds since 1970; null if none ever went.
select (extract(epoch from max(position)) * 1000000)::int8 from forebay.pruned
