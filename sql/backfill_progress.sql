-- How far a source has come in each share. In: $1 its number.
select share, at::text, ended, records, filtered, rejected
from forebay.backfill_progress where source = $1
