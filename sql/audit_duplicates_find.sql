-- Finds contested keys of {table} that are none, or whose holder is not the record with the
-- smallest (position, uri), in one snapshot.
-- In: $1 the key1 after which the range begins, $2 its last key1 or null. Out: key1, kind, what it is.
with contested as (
    select d.key1, d.key2, count(*) as n,
           (array_agg(d.uri order by d.position, d.tie, d.uri collate "C"))[1] as holder
    from forebay.duplicates d
    where d.kind = '{table}' and d.key1 > $1::text and ($2::text is null or d.key1 <= $2::text)
    group by d.key1, d.key2
)
select c.key1, '{table} duplicates',
       format('(%s, %s): %s records, the first is %s, in the table %s', c.key1, c.key2, c.n,
              c.holder, coalesce(t.uri, 'none'))
from contested c
left join {table} t on {key_match}
where c.n < 2 or c.holder is distinct from t.uri
order by c.key1, c.key2
