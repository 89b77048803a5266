-- Which of these viewer states are there. In: $1 posts and $2 viewers. Out: their places, from 1.
-- One look-up each, however large the server believes the table.
select s.place::int4
from unnest($1::text[], $2::text[]) with ordinality as s (post_uri, viewer_did, place)
where exists (select from post_viewer_states v
              where v.post_uri = s.post_uri and v.viewer_did = s.viewer_did offset 0)
