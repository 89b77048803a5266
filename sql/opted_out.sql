-- Which of the batch's repos have forbidden that their records are collected.
-- In: $1 the DIDs that own the batch's creates and updates.
select user_did from user_settings where user_did = any ($1::text[]) and data_collection_forbidden
