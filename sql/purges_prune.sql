-- Forgets purges that are done and that nothing can meet again.
-- In: $1 the position before which no entry can come any more; $2 hours to keep them at least.
delete from forebay.purges
where done and position < $1 and written_at < now() - make_interval(hours => $2)
