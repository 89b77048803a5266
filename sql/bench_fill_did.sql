-- The DID of a user by its number, of the length and alphabet that the network's have, in no order:
-- they lie among the generated ones in every index.
create function pg_temp.bench_did(n int8) returns text language sql immutable
return 'did:plc:' || translate(substr(md5('user' || n::text), 1, 24), '0123456789abcdef', 'aceg2ikmoqs4uwy6')
