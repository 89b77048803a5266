-- Removes deleted records from the contested ones; their keys' holders must be chosen again.
-- In: stage_deletes of kind '{table}'. Out: contested keys.
with gone as (
    delete from forebay.duplicates t
    where t.uri = any (array(
        select d.uri from stage_deletes d
        where d.kind = '{table}'
          and exists (select from forebay.duplicates t
                      where t.uri = d.uri and (t.position, t.tie) <= (d.position, d.tie) offset 0)
    ))
    returning t.kind, t.key1, t.key2
)
insert into stage_contested (kind, key1, key2) select distinct kind, key1, key2 from gone
