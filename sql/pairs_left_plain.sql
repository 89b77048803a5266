-- Before rows are added without looking for conflicts (pairs_put_plain.sql): sets aside those that may
-- collide, and records that are contested.
-- In: the staged rows of '{table}'; $1 the uris of those that may collide. Out: rows of stage_left.
insert into stage_left (kind, {left_columns})
select '{table}', {left_over} from {staged}
  and (s.uri in (select unnest($1::text[]))
       or exists (select from forebay.duplicates d where d.uri = s.uri offset 0))
