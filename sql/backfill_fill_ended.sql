-- Takes from a staging table the records of a backfill that were deleted since their source was made.
-- In: $1 repositories, $2 the moment as of which each is known; of others any tombstone counts.
-- {stage} has one row per uri.
delete from {stage} s
where exists (
    select from forebay.tombstones t
    where t.uri = s.uri
      and t.position >= coalesce(
          (select e.as_of from unnest($1::text[], $2::timestamp[]) as e (repo, as_of)
           where e.repo = split_part(s.uri, '/', 3)),
          '-infinity')
    offset 0
)
