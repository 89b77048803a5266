-- Takes from staging the deletes that are not of the source's own rows: without a position they say
-- nothing about what others wrote. In: $1 and $2 as in backfill_fill_present.sql.
delete from stage_deletes s
where s.kind = '{kind}'
  and not exists (select from {table} t where {deleted} and t.{version} between $1 and $2 offset 0)
  and not exists (select from forebay.duplicates d
                  where d.uri = s.uri and d.position between $1 and $2 offset 0)
