-- The indexes that a bulk backfill takes away: those that are neither unique nor anything else than
-- their definition says (a constraint's, a replica's identity, a comment, a tablespace of its own).
-- In: $1 the tables. Out: name, table, what makes it, what drops it, bytes. The server quotes the names.
select c.relname::text, t.relname::text, pg_get_indexdef(c.oid),
       format('drop index %I.%I', n.nspname, c.relname), pg_relation_size(c.oid)
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
where t.relnamespace = to_regnamespace('public') and t.relkind = 'r' and t.relname = any ($1::text[])
  and i.indisvalid and not (i.indisunique or i.indisprimary or i.indisexclusion)
  and not (i.indisclustered or i.indisreplident or c.relispartition) and c.reltablespace = 0
  and not exists (select from pg_constraint k where k.conindid = c.oid)
  and not exists (select from pg_description d where d.objoid = c.oid)
  and not exists (select from pg_attribute a
                  where a.attrelid = c.oid and coalesce(a.attstattarget, -1) >= 0)
order by t.relname, c.relname
