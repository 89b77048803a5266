-- Which of these records of {table} are there, were once deleted, or are of a repository that was once
-- purged: the others fill a gap.
-- In: $1 uris. Out: those of them. One look-up each, however large the server believes the tables.
select u.uri
from unnest($1::text[]) as u (uri)
where exists (select from {table} t where t.uri = u.uri offset 0)
   or exists (select from forebay.tombstones d where d.uri = u.uri offset 0)
   or exists (select from forebay.purges p where p.did = split_part(u.uri, '/', 3) offset 0)
