-- Rows of each table that the worker writes and that has any.
select t, n from (
    select 'users' as t, count(*) as n from users
    union all select 'posts', count(*) from posts
    union all select 'likes', count(*) from likes
    union all select 'reposts', count(*) from reposts
    union all select 'bookmarks', count(*) from bookmarks
    union all select 'follows', count(*) from follows
    union all select 'blocks', count(*) from blocks
    union all select 'quotes', count(*) from quotes
    union all select 'feed_items', count(*) from feed_items
    union all select 'post_aggregations', count(*) from post_aggregations
    union all select 'lists', count(*) from lists
    union all select 'list_items', count(*) from list_items
    union all select 'list_blocks', count(*) from list_blocks
    union all select 'feed_generators', count(*) from feed_generators
    union all select 'starter_packs', count(*) from starter_packs
    union all select 'labeler_services', count(*) from labeler_services
    union all select 'labels', count(*) from labels
    union all select 'verifications', count(*) from verifications
    union all select 'thread_gates', count(*) from thread_gates
    union all select 'post_gates', count(*) from post_gates
    union all select 'generic_records', count(*) from generic_records
    union all select 'notifications', count(*) from notifications
    union all select 'post_viewer_states', count(*) from post_viewer_states
    union all select 'thread_contexts', count(*) from thread_contexts
    union all select 'label_events', count(*) from label_events
    union all select 'forebay.duplicates', count(*) from forebay.duplicates
    union all select 'forebay.tombstones', count(*) from forebay.tombstones
    union all select 'forebay.dead_letters', count(*) from forebay.dead_letters
) tables
where n > 0
