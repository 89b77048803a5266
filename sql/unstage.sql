-- Empties the staging tables before the transaction's next part. Deletes rather than truncates:
-- a TRUNCATE in a savepoint makes new files and catalog rows each time.
with likes as (delete from stage_likes),
     pairs as (delete from stage_pairs),
     left_over as (delete from stage_left),
     posts as (delete from stage_posts),
     records as (delete from stage_records),
     deletes as (delete from stage_deletes),
     deltas as (delete from stage_deltas)
delete from stage_contested
