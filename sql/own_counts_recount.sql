-- Counts the likes of feed generators or labelers that this batch merged: their likes may have
-- come first. In: stage_records of kind '{table}', under the table's tail lock.
update {table} t
set like_count = (select count(*) from likes l where l.post_uri = t.uri)
from stage_records s
where s.kind = '{table}' and t.uri = s.uri
