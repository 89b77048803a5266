-- Which of these records are contested: they are settled, never simply added.
-- In: $1 uris. Out: those of them. One look-up each, however large the server believes the table.
select u.uri
from unnest($1::text[]) as u (uri)
where exists (select from forebay.duplicates d where d.uri = u.uri offset 0)
