-- Holds a session at its commit: what it merged is written and nobody sees it. A deferred trigger
-- waits for a lock that the test holds while the gate is shut. The session named "first" waits when
-- it has written to any table but users; the one named "stubs" when it has written to users, which
-- a batch does in a transaction of its own.
create function wait_at_gate() returns trigger language plpgsql as $$
begin
    if current_setting('application_name') = tg_argv[0] then
        perform pg_catalog.pg_advisory_xact_lock_shared(7, 7);
    end if;
    return null;
end $$;
do $$
declare
    t regclass;
begin
    for t in select oid::regclass from pg_class
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'forebay'::regnamespace)
    loop
        execute format(
            'create constraint trigger gate after insert or update or delete on %s
             deferrable initially deferred for each row execute function wait_at_gate(%L)',
            t, case t when 'users'::regclass then 'stubs' else 'first' end
        );
    end loop;
end $$;
