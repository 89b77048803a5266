-- Which of these posts have gates: of threads, of quotes.
-- In: $1 uris. Out: uri, and which. Gates of the same repos were merged before.
select g.uri, g.of_thread, g.of_quotes
from (
    select u.uri,
           exists (select from thread_gates t where t.post_uri = u.uri offset 0) as of_thread,
           exists (select from post_gates p where p.post_uri = u.uri offset 0) as of_quotes
    from unnest($1::text[]) as u (uri)
) g
where g.of_thread or g.of_quotes
