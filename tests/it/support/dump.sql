-- Schema public as lines of text: relations, columns, indexes, constraints, triggers, functions.
with relations as (
    select oid, relname, relkind, relpersistence, relacl, reloptions
    from pg_class where relnamespace = 'public'::regnamespace
)
select line from (
    select 'CREATE ' || case relkind when 'r' then 'TABLE' else relkind::text end || ' public.' || relname
           || concat(' ', relpersistence, relacl, reloptions)
    from relations
    union all
    select concat_ws(' ', 'column', r.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
                     a.attnotnull, a.attcollation, a.attidentity, a.attgenerated, a.attstorage,
                     pg_get_expr(d.adbin, d.adrelid))
    from relations r
    join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
    where r.relkind in ('r', 'p', 'v', 'm')
    union all
    select 'index ' || pg_get_indexdef(i.indexrelid) from pg_index i join relations r on r.oid = i.indrelid
    union all
    select concat_ws(' ', 'constraint', r.relname, c.conname, pg_get_constraintdef(c.oid))
    from pg_constraint c join relations r on r.oid = c.conrelid
    union all
    select 'trigger ' || pg_get_triggerdef(t.oid)
    from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
    union all
    select 'function ' || pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')
    union all
    select concat_ws(' ', 'schema', nspacl) from pg_namespace where nspname = 'public'
) as lines (line)
order by line collate "C"
