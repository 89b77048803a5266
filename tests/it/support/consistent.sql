-- A post with one of everything that is counted, its reply that quotes it, a liked generator and
-- labeler, and one contested pair.
insert into posts (uri, cid, author_did, text, parent_uri, embed, has_thread_gate, has_post_gate, created_at) values
    ('at://did:plc:a/app.bsky.feed.post/1', 'c1', 'did:plc:a', '', null, null, true, true, '2026-01-01'),
    ('at://did:plc:b/app.bsky.feed.post/2', 'c2', 'did:plc:b', '', 'at://did:plc:a/app.bsky.feed.post/1',
     '{"$type": "app.bsky.embed.record", "record": {"uri": "at://did:plc:a/app.bsky.feed.post/1", "cid": "c1"}}',
     false, false, '2026-01-02');
insert into quotes (uri, cid, post_uri, quoted_uri, created_at) values
    ('at://did:plc:b/app.bsky.feed.post/2#quote', 'c2', 'at://did:plc:b/app.bsky.feed.post/2',
     'at://did:plc:a/app.bsky.feed.post/1', '2026-01-02');
insert into likes (uri, user_did, post_uri, created_at) values
    ('at://did:plc:b/app.bsky.feed.like/1', 'did:plc:b', 'at://did:plc:a/app.bsky.feed.post/1',              '2026-01-03'),
    ('at://did:plc:b/app.bsky.feed.like/g', 'did:plc:b', 'at://did:plc:a/app.bsky.feed.generator/g',         '2026-01-03'),
    ('at://did:plc:b/app.bsky.feed.like/l', 'did:plc:b', 'at://did:plc:a/app.bsky.labeler.service/self',     '2026-01-03');
insert into reposts (uri, user_did, post_uri, created_at) values
    ('at://did:plc:b/app.bsky.feed.repost/1', 'did:plc:b', 'at://did:plc:a/app.bsky.feed.post/1', '2026-01-04');
insert into bookmarks (uri, user_did, post_uri, created_at) values
    ('at://did:plc:b/app.bsky.bookmark/1', 'did:plc:b', 'at://did:plc:a/app.bsky.feed.post/1', '2026-01-05');
insert into post_aggregations (post_uri, like_count, repost_count, reply_count, bookmark_count, quote_count) values
    ('at://did:plc:a/app.bsky.feed.post/1', 1, 1, 1, 1, 1),
    ('at://did:plc:b/app.bsky.feed.post/2', 0, 0, 0, 0, 0);
insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at) values
    ('at://did:plc:a/app.bsky.feed.post/1',   'at://did:plc:a/app.bsky.feed.post/1', 'did:plc:a', 'post',   '2026-01-01', 'c1', '2026-01-01'),
    ('at://did:plc:b/app.bsky.feed.post/2',   'at://did:plc:b/app.bsky.feed.post/2', 'did:plc:b', 'post',   '2026-01-02', 'c2', '2026-01-02'),
    ('at://did:plc:b/app.bsky.feed.repost/1', 'at://did:plc:a/app.bsky.feed.post/1', 'did:plc:b', 'repost', '2026-01-04', 'c3', '2026-01-04');
insert into thread_gates (post_uri, owner_did) values ('at://did:plc:a/app.bsky.feed.post/1', 'did:plc:a');
insert into post_gates (post_uri) values ('at://did:plc:a/app.bsky.feed.post/1');
insert into feed_generators (uri, cid, creator_did, did, display_name, like_count, created_at) values
    ('at://did:plc:a/app.bsky.feed.generator/g', 'c4', 'did:plc:a', 'did:web:g', 'g', 1, '2026-01-01');
insert into labeler_services (uri, cid, creator_did, policies, like_count, created_at) values
    ('at://did:plc:a/app.bsky.labeler.service/self', 'c5', 'did:plc:a', '{}', 1, '2026-01-01');
insert into forebay.duplicates (uri, kind, key1, key2, cid, created_at, position, tie) values
    ('at://did:plc:b/app.bsky.feed.like/1', 'likes', 'did:plc:b', 'at://did:plc:a/app.bsky.feed.post/1', 'c6', '2026-01-03', '2026-01-03', 0),
    ('at://did:plc:b/app.bsky.feed.like/2', 'likes', 'did:plc:b', 'at://did:plc:a/app.bsky.feed.post/1', 'c7', '2026-01-03', '2026-01-03', 1000);
