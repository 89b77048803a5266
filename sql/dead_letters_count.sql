-- How many dead letters there are, as far as a million and one: more are not worth reading the table for.
select count(*) from (select from forebay.dead_letters limit 1000001) l
