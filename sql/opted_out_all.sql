-- Who has forbidden that their records are collected: for batches of so many repos that looking up
-- each costs more than passing over the settings, which only users of the AppView itself have.
select user_did from user_settings where data_collection_forbidden
