-- The like of a reply by its thread's root author, as it is now. A part of the statements that set it.
-- {reply} is the reply's uri.
(select l.uri
 from posts r
 cross join lateral (
     select l.uri from likes l
     where l.user_did = split_part(coalesce(r.root_uri, r.parent_uri), '/', 3) and l.post_uri = r.uri
     offset 0
 ) l
 where r.uri = {reply} and r.parent_uri is not null
 offset 0)
