-- Adds the likes of this batch to the own count of feed generators or labelers that are there.
-- In: stage_deltas; {table} keyed by uri. Under the table's tail lock, since their likes come
-- from any repo.
-- The array keeps the look-up by key where the server believes the table empty: by the join alone it
-- would read it whole.
update {table} t
set like_count = t.like_count + d.likes
from (
    select uri, sum(likes)::int4 as likes from stage_deltas
    where likes <> 0 and split_part(uri, '/', 4) = '{collection}'
    group by uri
    having sum(likes) <> 0
) d
where t.uri = d.uri
  and t.uri = any (array(
      select uri from stage_deltas
      where likes <> 0 and split_part(uri, '/', 4) = '{collection}'
  ))
