-- Takes a record that is about to be deleted off its post's count, row by row, as the baseline of
-- the measurements has it. In: uri.
update post_aggregations p
set {count} = p.{count} - 1
from {table} t
where t.uri = $1 and p.post_uri = t.{post}
