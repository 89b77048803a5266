-- What posts quote and are said to quote: their quote_counts follow. In: $1 the posts.
select quoted_uri::text from quotes where post_uri = any ($1::text[])
union
select quoted_uri from ({expected}) e where post_uri = any ($1::text[])
