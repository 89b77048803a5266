-- Whether row-level security applies to this role in any table of the AppView, so that COPY into it is
-- refused. In: nothing. Out: whether it does.
select exists (
    select
    from pg_class
    where relnamespace = 'public'::regnamespace
      and relkind in ('r', 'p')
      and row_security_active(oid)
)
