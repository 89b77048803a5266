-- Takes one class of advisory locks away: whoever takes it gets nothing and goes on. The built-in
-- function is called by its number, whatever pg_proc says, so it gets another name and one of ours
-- takes its place. Functions belong to a database: no other test sees it.
-- {class}: the first key of the locks that are taken away.
alter function pg_catalog.pg_advisory_xact_lock(int4, int4) rename to the_real_lock;
create function pg_catalog.pg_advisory_xact_lock(class int4, key int4) returns void
language plpgsql as $$
begin
    if class <> {class} then
        perform pg_catalog.the_real_lock(class, key);
    end if;
end $$;
