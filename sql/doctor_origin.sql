-- Whose rows the tables hold, as origin_notice.sql tells it, but nothing is marked.
select exists (select from forebay.origin),
       exists (select from likes) or exists (select from posts) or exists (select from reposts)
           or exists (select from follows) or exists (select from blocks),
       exists (select from forebay.takeover)
