-- Removes counts of what is no post. In: $1 the uris.
delete from post_aggregations
where post_uri = any ($1::text[]) and split_part(post_uri, '/', 4) <> 'app.bsky.feed.post'
