-- Takes from a staging table what belongs to a repo that was purged at or after it.
-- {stage} has one row per uri, whose authority is the DID.
delete from {stage} s
where exists (
    select from forebay.purges p
    where p.did = split_part(s.uri, '/', 3) and (p.position, p.tie) >= (s.position, s.tie)
    offset 0
)
