-- Counts the likes of feed generators or labelers that this batch merged: their likes may have
-- come first. In: stage_records of kind '{table}', under the table's tail lock.
-- Named by an array: where the server believes the table empty, a join would read it whole.
update {table} t
set like_count = (select count(*) from likes l where l.post_uri = t.uri)
where t.uri = any (array(select uri from stage_records where kind = '{table}'))
