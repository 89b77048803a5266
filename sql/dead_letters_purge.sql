-- Throws away what a selection names; what is written meanwhile stays. In: $1 to $4 as in
-- dead_letters_select.sql.
delete from forebay.dead_letters
where ($1::int8[] is null or id = any ($1))
  and ($2::text is null or reason = $2 or starts_with(reason, $2 || ':'))
  and ($3::int8 is null or written_at <= now() - $3 * interval '1 second')
  and ($4::int8 is null or written_at >= now() - $4 * interval '1 second')
