-- Has the contested keys of {table} under these first keys settled again.
-- In: $1 the first keys. Out: contested keys.
insert into stage_contested (kind, key1, key2)
select distinct kind, key1, key2 from forebay.duplicates
where kind = '{table}' and key1 = any ($1::text[])
