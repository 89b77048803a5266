-- Takes from a staging table the records of a backfill that were deleted since their source was made, or
-- whose repository was purged since.
-- In: $1 repositories, $2 the moment as of which each is known; of others any tombstone and any purge
-- counts. {stage} has one row per uri.
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
or exists (
    select from forebay.purges p
    where p.did = split_part(s.uri, '/', 3)
      and p.position >= coalesce(
          (select e.as_of from unnest($1::text[], $2::timestamp[]) as e (repo, as_of)
           where e.repo = p.did),
          '-infinity')
    offset 0
)
