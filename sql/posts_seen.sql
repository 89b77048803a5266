-- Whether any staged post is there already: if none is, nothing can be stale or revised.
select exists (select from stage_posts s where exists (select from posts p where p.uri = s.uri offset 0))
