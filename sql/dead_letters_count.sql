-- How many dead letters there are.
select count(*) from forebay.dead_letters
