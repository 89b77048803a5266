-- Reposts for a database that holds {likes} likes: one for eight.
insert into reposts (uri, user_did, post_uri, subject_cid, created_at, indexed_at)
select 'at://' || u.did || '/app.bsky.feed.repost/3k' || lpad(n::text, 11, '2'), u.did,
       pg_temp.bench_post((n % ({likes} / 10 + 1) * 2654435761 + n / ({likes} / 10 + 1) * 104729) % ({likes} / 6 + 1)),
       'bafyrei' || md5(n::text) || substr(md5('b' || n), 1, 20), t.at, t.at
from generate_series(1::int8, {likes} / 8) n,
     lateral (select pg_temp.bench_did(n % ({likes} / 10 + 1)) as did) u,
     lateral (select timestamp '2025-01-01' + n * interval '80 ms' as at) t
