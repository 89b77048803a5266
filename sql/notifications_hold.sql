-- Keeps the CIDs of the present holders of contested keys, for which {table} has no column, among the
-- contested records. In: stage_contested of kind '{table}', after duplicates_hold.sql.
update forebay.duplicates d
set cid = (select n.cid from notifications n where n.uri = d.uri || '#notification')
where d.uri = any (array(
    select h.uri
    from stage_contested c
    cross join lateral (select t.uri from {table} t where {key_match} offset 0) as h
    where c.kind = '{table}'
      and exists (select from notifications n
                  where n.uri = h.uri || '#notification' and n.cid is not null offset 0)
))
  and d.cid = ''
