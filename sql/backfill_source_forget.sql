-- Has a source begin anew. In: $1 its number, $2 its content, $3 its shares.
with gone as (delete from forebay.backfill_progress where source = $1)
update forebay.backfill_sources
set content = $2, shares = $3, began_at = now() where id = $1
