-- Removes notifications that their records no longer make. In: those that there may
-- be, and those that stay. Rows of own repos only.
delete from notifications n
where n.uri = any (array(
    select b.uri from ({before}) b
    where b.uri not in (select e.uri from ({expected}) e)
))
