-- Makes rows yield that share a staged row's timestamp but came before it within the millisecond
-- (n over 999): their version steps back by one microsecond, so that the merge that follows sees
-- them as older. Only for batches that hold such an entry.
-- {table} keyed by {key}, of which {match} finds a row s's, its version in {version}.
-- Named by an array: where the server believes the table empty, a join would read it whole.
update {table} t
set {version} = t.{version} - interval '1 microsecond'
where t.{key} = any (array(
    select (select t.{key} from {table} t where {match} and t.{version} = s.position)
    from {staged} and s.tie > 0
      and s.tie > coalesce(
          (select r.tie from forebay.ties r where r.uri = s.uri and r.position = s.position), 0)
))
