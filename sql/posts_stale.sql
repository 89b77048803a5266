-- Takes from staging the posts that are there in this version or a later one.
delete from stage_posts s
where exists (
    select from posts p
    where p.uri = s.uri
      and (p.indexed_at > s.position or (p.indexed_at = s.position and s.tie <= coalesce(
          (select r.tie from forebay.ties r where r.uri = s.uri and r.position = s.position), 0)))
    offset 0
)
