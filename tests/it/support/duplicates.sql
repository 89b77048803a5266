-- Of a contested pair every record is in forebay.duplicates, and the one with the smallest
-- position in its table.
with pair (kind, key1, key2, uri) as (
              select 'likes',         user_did,     post_uri,      uri from likes
    union all select 'reposts',       user_did,     post_uri,      uri from reposts
    union all select 'bookmarks',     user_did,     post_uri,      uri from bookmarks
    union all select 'follows',       follower_did, following_did, uri from follows
    union all select 'blocks',        blocker_did,  blocked_did,   uri from blocks
    union all select 'list_blocks',   blocker_did,  list_uri,      uri from list_blocks
    union all select 'list_items',    list_uri,     subject_did,   uri from list_items
    union all select 'verifications', subject_did,  '',            uri from verifications
), contested as (
    select kind, key1, key2, count(*) as n,
           (array_agg(uri order by position, tie, uri))[1] as holder
    from forebay.duplicates
    group by kind, key1, key2
)
select format('%s (%s, %s): %s records, holder %s, in the table %s',
              c.kind, c.key1, c.key2, c.n, c.holder, coalesce(p.uri, 'none'))
from contested c
left join pair p using (kind, key1, key2)
where c.n < 2
   or c.holder is distinct from p.uri
order by 1
