-- Posts for a database that holds {likes} likes: one for six; every third answers an earlier one.
insert into posts (uri, cid, author_did, text, langs, parent_uri, root_uri, created_at, indexed_at)
select pg_temp.bench_post(n), 'bafyrei' || md5(n::text) || substr(md5('b' || n), 1, 20),
       pg_temp.bench_did(n * 6 / 10), repeat(md5('text' || n), 3), '["en"]',
       case when n % 3 = 2 then pg_temp.bench_post(n / 3) end,
       case when n % 3 = 2 then pg_temp.bench_post(n / 3) end, t.at, t.at
from generate_series(0::int8, {likes} / 6) n,
     lateral (select timestamp '2025-01-01' + n * interval '60 ms' as at) t
