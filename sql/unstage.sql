-- Empties the staging tables before the transaction's next part. Deletes rather than truncates:
-- a TRUNCATE in a savepoint makes new files and catalog rows each time.
with pairs as (delete from stage_pairs),
     posts as (delete from stage_posts),
     records as (delete from stage_records),
     deletes as (delete from stage_deletes),
     deltas as (delete from stage_deltas)
delete from stage_contested
