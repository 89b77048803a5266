-- Adds quotes that posts' embeds ask for. In: $1 the posts. Under all partition locks; who is there
-- stays. Lock order: uri.
insert into quotes (uri, cid, post_uri, quoted_uri, quoted_cid, created_at, indexed_at)
select uri, cid, post_uri, quoted_uri, quoted_cid, created_at, indexed_at
from ({expected} and p.uri = any ($1::text[])) e
order by uri collate "C"
on conflict do nothing
