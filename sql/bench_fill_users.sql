-- Users for a database that holds {likes} likes: one for ten.
insert into users (did, handle)
select pg_temp.bench_did(n), 'user' || n || '.bsky.social'
from generate_series(0::int8, {likes} / 10) n
