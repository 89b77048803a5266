-- What feed generators and labelers count of themselves.
with own (uri, found) as (
              select uri, like_count from feed_generators
    union all select uri, like_count from labeler_services
)
select format('%s like_count is %s, rows %s', own.uri, own.found, count(l.uri))
from own
left join likes l on l.post_uri = own.uri
group by own.uri, own.found
having own.found <> count(l.uri)
order by 1
