-- Follows for a database that holds {likes} likes: one for seven.
insert into follows (uri, follower_did, following_did, created_at, indexed_at)
select 'at://' || u.did || '/app.bsky.graph.follow/3k' || lpad(n::text, 11, '2'), u.did,
       pg_temp.bench_did((n % ({likes} / 10 + 1) * 2654435761 + n / ({likes} / 10 + 1) * 7919) % ({likes} / 10 + 1)),
       t.at, t.at
from generate_series(1::int8, {likes} / 7) n,
     lateral (select pg_temp.bench_did(n % ({likes} / 10 + 1)) as did) u,
     lateral (select timestamp '2025-01-01' + n * interval '70 ms' as at) t
