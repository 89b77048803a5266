-- Every post has a row of counts, if only of zeros.
select p.uri
from posts p
where not exists (select from post_aggregations a where a.post_uri = p.uri)
order by 1
