-- Removes quotes that their posts' embeds do not ask for. In: $1 the posts. Under all partition locks.
delete from quotes q
where q.post_uri = any ($1::text[])
  and not exists (
      select from ({expected} and p.uri = any ($1::text[])) e
      where e.post_uri = q.post_uri and e.uri = q.uri and e.quoted_uri = q.quoted_uri
  )
