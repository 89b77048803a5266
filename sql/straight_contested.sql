-- Which of these records are contested: they are settled, never simply added.
-- In: $1 uris. Out: those of them. Hardly any record is contested: while there are fewer such than would be
-- looked up, all of them are read once, by far the quicker way; else one look-up each, however large the
-- server believes the table.
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
