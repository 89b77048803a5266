-- Forgets contested keys that one record alone is left to.
-- In: stage_contested of kind '{table}'.
delete from forebay.duplicates d
using stage_contested c
where c.kind = '{table}' and d.kind = c.kind and d.key1 = c.key1 and d.key2 = c.key2
  and not exists (
      select from forebay.duplicates o
      where o.kind = d.kind and o.key1 = d.key1 and o.key2 = d.key2 and o.uri <> d.uri
  )
