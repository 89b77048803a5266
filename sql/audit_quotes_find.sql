-- Finds posts whose quote is missing, another or too many, in one snapshot.
-- In: $1 the key after which the range begins, $2 its last key or null. Out: post, kind, what it is.
with expected as (
    {expected} and p.uri > $1::text and ($2::text is null or p.uri <= $2::text)
), found as (
    select * from quotes where post_uri > $1::text and ($2::text is null or post_uri <= $2::text)
)
select coalesce(e.post_uri, f.post_uri)::text,
       case when f.uri is null then 'quote missing'
            when e.uri is null then 'quote of no embed'
            else 'quote differs' end,
       format('%s: quotes %s, its row says %s', coalesce(e.post_uri, f.post_uri),
              coalesce(e.quoted_uri, 'nothing'), coalesce(f.quoted_uri, 'nothing'))
from expected e
full join found f on f.post_uri = e.post_uri
where (e.uri, e.quoted_uri) is distinct from (f.uri, f.quoted_uri)
order by 1
