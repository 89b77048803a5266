-- Which of these records are contested: they are settled, never simply added.
-- In: $1 uris. Out: those of them. Hardly any record is contested: while the whole table costs less than so
-- many look-ups, it is read once (a page of it, of 8 kB and some twenty rows, costs about four); else one
-- look-up each, however large the server believes the table.
select b.uri
from (
    select unnest($1::text[]) as uri
    intersect
    select d.uri from forebay.duplicates d
) b
where (select pg_relation_size('forebay.duplicates') / 2048 < cardinality($1::text[]))
union all
select u.uri
from unnest($1::text[]) as u (uri)
where not (select pg_relation_size('forebay.duplicates') / 2048 < cardinality($1::text[]))
  and exists (select from forebay.duplicates d where d.uri = u.uri offset 0)
