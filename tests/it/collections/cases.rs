//! One life for each collection whose rows are simply made, replaced and removed.

use super::{Case, Fields, same};

pub fn all() -> Vec<Case> {
    vec![
        post(),
        like(),
        repost(),
        bookmark(),
        follow(),
        block(),
        list(),
        list_item(),
        list_block(),
        generator(),
        starter_pack(),
        labeler(),
        verification(),
        thread_gate(),
        post_gate(),
        generic(),
    ]
}

fn post() -> Case {
    Case {
        path: "app.bsky.feed.post/p",
        table: "posts",
        key: ("uri", "at://did:plc:r/app.bsky.feed.post/p"),
        create: Fields {
            lexicon: r#""text":"hello","langs":["en","de"],"tags":["a"],
                "reply":{"root":{"uri":"{P}/root","cid":"c-root"},"parent":{"uri":"{P}/parent","cid":"c-parent"}},
                "facets":[{"index":{"byteStart":0,"byteEnd":5},"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"x"}]}],
                "embed":{"$type":"app.bsky.embed.recordWithMedia",
                    "record":{"$type":"app.bsky.embed.record","record":{"uri":"{P}/quoted","cid":"c-quoted"}},
                    "media":{"$type":"app.bsky.embed.images","images":[{"alt":"","aspectRatio":{"width":1,"height":2},
                        "image":{"$type":"blob","ref":{"$link":"{LINK}"},"mimeType":"image/jpeg","size":7}}]}}"#,
            sdk: r#""text":"hello","langs":["en","de"],"tags":["a"],"entities":null,
                "reply":{"root":{"uri":"{P}/root","cid":"c-root","py_type":"com.atproto.repo.strongRef"},
                    "parent":{"uri":"{P}/parent","cid":"c-parent","py_type":"com.atproto.repo.strongRef"},"py_type":"app.bsky.feed.post#replyRef"},
                "facets":[{"index":{"byte_start":0,"byte_end":5,"py_type":"app.bsky.richtext.facet#byteSlice"},
                    "features":[{"tag":"x","py_type":"app.bsky.richtext.facet#tag"}],"py_type":"app.bsky.richtext.facet"}],
                "embed":{"record":{"record":{"uri":"{P}/quoted","cid":"c-quoted","py_type":"com.atproto.repo.strongRef"},"py_type":"app.bsky.embed.record"},
                    "media":{"images":[{"alt":"","aspect_ratio":{"width":1,"height":2,"py_type":"app.bsky.embed.defs#aspectRatio"},
                        "image":{"ref":"{HEX}","mime_type":"image/jpeg","size":7,"py_type":"blob"},"py_type":"app.bsky.embed.images#image"}],"py_type":"app.bsky.embed.images"},
                    "py_type":"app.bsky.embed.recordWithMedia"}"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.feed.post/p","cid":"c-create","author_did":"did:plc:r","text":"hello",
            "langs":["en","de"],"tags":["a"],"parent_uri":"{P}/parent","parent_cid":"c-parent","root_uri":"{P}/root","root_cid":"c-root",
            "facets":[{"index":{"byteStart":0,"byteEnd":5},"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"x"}]}],
            "embed":{"$type":"app.bsky.embed.recordWithMedia",
                "record":{"$type":"app.bsky.embed.record","record":{"uri":"{P}/quoted","cid":"c-quoted"}},
                "media":{"$type":"app.bsky.embed.images","images":[{"alt":"","aspectRatio":{"width":1,"height":2},
                    "image":{"$type":"blob","ref":{"$link":"{LINK}"},"mimeType":"image/jpeg","size":7}}]}},
            "has_thread_gate":true,"has_post_gate":true,"created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
        update: Fields {
            lexicon: r#""text":"changed","embed":{"$type":"app.bsky.embed.record","record":{"uri":"{P}/other","cid":"c-other"}}"#,
            sdk: r#""text":"changed","langs":null,"tags":null,"reply":null,"facets":null,
                "embed":{"record":{"uri":"{P}/other","cid":"c-other","py_type":"com.atproto.repo.strongRef"},"py_type":"app.bsky.embed.record"}"#,
        },
        updated: r#"{"uri":"at://did:plc:r/app.bsky.feed.post/p","cid":"c-update","author_did":"did:plc:r","text":"changed",
            "langs":null,"tags":[],"parent_uri":null,"parent_cid":null,"root_uri":null,"root_cid":null,"facets":null,
            "embed":{"$type":"app.bsky.embed.record","record":{"uri":"{P}/other","cid":"c-other"}},
            "has_thread_gate":true,"has_post_gate":true,"created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
    }
}

fn like() -> Case {
    Case {
        path: "app.bsky.feed.like/l",
        table: "likes",
        key: ("uri", "at://did:plc:r/app.bsky.feed.like/l"),
        create: Fields {
            lexicon: r#""subject":{"uri":"{P}/1","cid":"c-1"},"via":{"uri":"at://did:plc:v/app.bsky.feed.repost/1","cid":"c-via"}"#,
            sdk: r#""subject":{"cid":"c-1","uri":"{P}/1","py_type":"com.atproto.repo.strongRef"},
                "via":{"cid":"c-via","uri":"at://did:plc:v/app.bsky.feed.repost/1","py_type":"com.atproto.repo.strongRef"}"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.feed.like/l","user_did":"did:plc:r","post_uri":"{P}/1","subject_cid":"c-1",
            "via":{"uri":"at://did:plc:v/app.bsky.feed.repost/1","cid":"c-via"},"created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
        update: Fields {
            lexicon: r#""subject":{"uri":"{P}/2"}"#,
            sdk: r#""via":null,"subject":{"cid":null,"uri":"{P}/2","py_type":"com.atproto.repo.strongRef"}"#,
        },
        updated: r#"{"uri":"at://did:plc:r/app.bsky.feed.like/l","user_did":"did:plc:r","post_uri":"{P}/2","subject_cid":null,
            "via":null,"created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
    }
}

fn repost() -> Case {
    Case {
        path: "app.bsky.feed.repost/x",
        table: "reposts",
        key: ("uri", "at://did:plc:r/app.bsky.feed.repost/x"),
        create: Fields {
            lexicon: r#""subject":{"uri":"{P}/1","cid":"c-1"}"#,
            sdk: r#""subject":{"cid":"c-1","uri":"{P}/1","py_type":"com.atproto.repo.strongRef"},"via":null"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.feed.repost/x","user_did":"did:plc:r","post_uri":"{P}/1","subject_cid":"c-1",
            "via":null,"created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
        update: Fields {
            lexicon: r#""subject":{"uri":"{P}/2","cid":"c-2"},"via":{"uri":"{P}/v","cid":"c-v"}"#,
            sdk: r#""subject":{"cid":"c-2","uri":"{P}/2","py_type":"com.atproto.repo.strongRef"},
                "via":{"uri":"{P}/v","cid":"c-v","py_type":"com.atproto.repo.strongRef"}"#,
        },
        updated: r#"{"uri":"at://did:plc:r/app.bsky.feed.repost/x","user_did":"did:plc:r","post_uri":"{P}/2","subject_cid":"c-2",
            "via":{"uri":"{P}/v","cid":"c-v"},"created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
    }
}

fn bookmark() -> Case {
    Case {
        path: "app.bsky.bookmark/b",
        table: "bookmarks",
        key: ("uri", "at://did:plc:r/app.bsky.bookmark/b"),
        create: same(r#""subject":{"uri":"{P}/1","cid":"c-1"}"#),
        created: r#"{"uri":"at://did:plc:r/app.bsky.bookmark/b","user_did":"did:plc:r","post_uri":"{P}/1",
            "created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: same(r#""subject":{"uri":"{P}/2","cid":"c-2"}"#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.bookmark/b","user_did":"did:plc:r","post_uri":"{P}/2",
            "created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn follow() -> Case {
    Case {
        path: "app.bsky.graph.follow/f",
        table: "follows",
        key: ("uri", "at://did:plc:r/app.bsky.graph.follow/f"),
        create: same(r#""subject":"did:plc:one""#),
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.follow/f","follower_did":"did:plc:r","following_did":"did:plc:one",
            "created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
        update: same(r#""subject":"did:web:two.example""#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.follow/f","follower_did":"did:plc:r","following_did":"did:web:two.example",
            "created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
    }
}

fn block() -> Case {
    Case {
        path: "app.bsky.graph.block/b",
        table: "blocks",
        key: ("uri", "at://did:plc:r/app.bsky.graph.block/b"),
        create: same(r#""subject":"did:plc:one""#),
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.block/b","blocker_did":"did:plc:r","blocked_did":"did:plc:one",
            "created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
        update: same(r#""subject":"did:plc:two""#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.block/b","blocker_did":"did:plc:r","blocked_did":"did:plc:two",
            "created_at":"{CREATED}","indexed_at":"{AT}",
            "commit_time":"2026-07-04T14:38:07.5","commit_seq":"31527015322","commit_rev":"3kr"}"#,
    }
}

fn list() -> Case {
    Case {
        path: "app.bsky.graph.list/l",
        table: "lists",
        key: ("uri", "at://did:plc:r/app.bsky.graph.list/l"),
        create: Fields {
            lexicon: r#""name":"cats","purpose":"app.bsky.graph.defs#curatelist","description":"of cats",
                "avatar":{"$type":"blob","ref":{"$link":"{LINK}"},"mimeType":"image/png","size":1}"#,
            sdk: r#""name":"cats","purpose":"app.bsky.graph.defs#curatelist","description":"of cats","description_facets":null,
                "avatar":{"ref":"{HEX}","mime_type":"image/png","size":1,"py_type":"blob"}"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.list/l","cid":"c-create","creator_did":"did:plc:r","name":"cats",
            "purpose":"app.bsky.graph.defs#curatelist","description":"of cats","avatar_url":"{LINK}","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: same(r#""name":"dogs","purpose":"app.bsky.graph.defs#modlist""#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.list/l","cid":"c-update","creator_did":"did:plc:r","name":"dogs",
            "purpose":"app.bsky.graph.defs#modlist","description":null,"avatar_url":null,"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn list_item() -> Case {
    Case {
        path: "app.bsky.graph.listitem/i",
        table: "list_items",
        key: ("uri", "at://did:plc:r/app.bsky.graph.listitem/i"),
        create: same(r#""list":"at://did:plc:r/app.bsky.graph.list/l","subject":"did:plc:one""#),
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.listitem/i","cid":"c-create","list_uri":"at://did:plc:r/app.bsky.graph.list/l",
            "subject_did":"did:plc:one","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: same(r#""list":"at://did:plc:r/app.bsky.graph.list/m","subject":"did:plc:two""#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.listitem/i","cid":"c-update","list_uri":"at://did:plc:r/app.bsky.graph.list/m",
            "subject_did":"did:plc:two","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn list_block() -> Case {
    Case {
        path: "app.bsky.graph.listblock/b",
        table: "list_blocks",
        key: ("uri", "at://did:plc:r/app.bsky.graph.listblock/b"),
        create: same(r#""subject":"at://did:plc:o/app.bsky.graph.list/1""#),
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.listblock/b","blocker_did":"did:plc:r",
            "list_uri":"at://did:plc:o/app.bsky.graph.list/1","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: same(r#""subject":"at://did:plc:o/app.bsky.graph.list/2""#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.listblock/b","blocker_did":"did:plc:r",
            "list_uri":"at://did:plc:o/app.bsky.graph.list/2","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn generator() -> Case {
    Case {
        path: "app.bsky.feed.generator/g",
        table: "feed_generators",
        key: ("uri", "at://did:plc:r/app.bsky.feed.generator/g"),
        create: Fields {
            lexicon: r#""did":"did:web:feed.example","displayName":"Feed","description":"of cats","acceptsInteractions":true,
                "avatar":{"$type":"blob","ref":{"$link":"{LINK}"},"mimeType":"image/png","size":1}"#,
            sdk: r#""did":"did:web:feed.example","display_name":"Feed","description":"of cats","accepts_interactions":true,
                "avatar":{"ref":{"link":"{LINK}"},"mime_type":"image/png","size":1,"py_type":"blob"}"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.feed.generator/g","cid":"c-create","creator_did":"did:plc:r","did":"did:web:feed.example",
            "display_name":"Feed","description":"of cats","avatar_url":"{LINK}","like_count":0,"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: Fields {
            lexicon: r#""did":"did:web:new.example","displayName":"New""#,
            sdk: r#""did":"did:web:new.example","display_name":"New","description":null,"avatar":null"#,
        },
        updated: r#"{"uri":"at://did:plc:r/app.bsky.feed.generator/g","cid":"c-update","creator_did":"did:plc:r","did":"did:web:new.example",
            "display_name":"New","description":null,"avatar_url":null,"like_count":0,"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn starter_pack() -> Case {
    Case {
        path: "app.bsky.graph.starterpack/s",
        table: "starter_packs",
        key: ("uri", "at://did:plc:r/app.bsky.graph.starterpack/s"),
        create: Fields {
            lexicon: r#""name":"Start","description":"here","list":"at://did:plc:r/app.bsky.graph.list/l",
                "feeds":[{"uri":"at://did:plc:r/app.bsky.feed.generator/g"},{"uri":"at://did:plc:o/app.bsky.feed.generator/h"}]"#,
            sdk: r#""name":"Start","description":"here","list":"at://did:plc:r/app.bsky.graph.list/l","description_facets":null,
                "feeds":[{"uri":"at://did:plc:r/app.bsky.feed.generator/g","py_type":"app.bsky.graph.starterpack#feedItem"},
                    {"uri":"at://did:plc:o/app.bsky.feed.generator/h","py_type":"app.bsky.graph.starterpack#feedItem"}]"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.starterpack/s","cid":"c-create","creator_did":"did:plc:r","name":"Start",
            "description":"here","list_uri":"at://did:plc:r/app.bsky.graph.list/l",
            "feeds":["at://did:plc:r/app.bsky.feed.generator/g","at://did:plc:o/app.bsky.feed.generator/h"],"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: Fields {
            lexicon: r#""name":"Without feeds""#,
            sdk: r#""name":"Without feeds","feeds":null,"list":null"#,
        },
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.starterpack/s","cid":"c-update","creator_did":"did:plc:r","name":"Without feeds",
            "description":null,"list_uri":null,"feeds":[],"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn labeler() -> Case {
    Case {
        path: "app.bsky.labeler.service/self",
        table: "labeler_services",
        key: ("uri", "at://did:plc:r/app.bsky.labeler.service/self"),
        create: Fields {
            lexicon: r#""policies":{"labelValues":["spam"],"labelValueDefinitions":[{"identifier":"spam","adultOnly":false,"defaultSetting":"hide"}]}"#,
            sdk: r#""policies":{"label_values":["spam"],"label_value_definitions":[{"identifier":"spam","adult_only":false,"default_setting":"hide",
                "py_type":"com.atproto.label.defs#labelValueDefinition"}],"py_type":"app.bsky.labeler.defs#labelerPolicies"}"#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.labeler.service/self","cid":"c-create","creator_did":"did:plc:r","like_count":0,
            "policies":{"labelValues":["spam"],"labelValueDefinitions":[{"identifier":"spam","adultOnly":false,"defaultSetting":"hide"}]},
            "created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: Fields {
            lexicon: r#""reasonTypes":[]"#,
            sdk: r#""reason_types":[],"policies":null"#,
        },
        updated: r#"{"uri":"at://did:plc:r/app.bsky.labeler.service/self","cid":"c-update","creator_did":"did:plc:r","like_count":0,
            "policies":{"labelValues":[],"labelValueDefinitions":[]},"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn verification() -> Case {
    Case {
        path: "app.bsky.graph.verification/v",
        table: "verifications",
        key: ("uri", "at://did:plc:r/app.bsky.graph.verification/v"),
        create: Fields {
            lexicon: r#""subject":"did:plc:one","handle":"one.example","displayName":"One""#,
            sdk: r#""subject":"did:plc:one","handle":"one.example","display_name":"One""#,
        },
        created: r#"{"uri":"at://did:plc:r/app.bsky.graph.verification/v","cid":"c-create","subject_did":"did:plc:one","handle":"one.example",
            "verified_at":"{CREATED}","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: same(r#""subject":"did:plc:two","handle":"two.example""#),
        updated: r#"{"uri":"at://did:plc:r/app.bsky.graph.verification/v","cid":"c-update","subject_did":"did:plc:two","handle":"two.example",
            "verified_at":"{CREATED}","created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}

fn thread_gate() -> Case {
    Case {
        path: "app.bsky.feed.threadgate/p",
        table: "thread_gates",
        key: ("post_uri", "at://did:plc:r/app.bsky.feed.post/p"),
        create: Fields {
            lexicon: r#""post":"at://did:plc:r/app.bsky.feed.post/another","hiddenReplies":[],"allow":[{"$type":"app.bsky.feed.threadgate#mentionRule"},
                {"$type":"app.bsky.feed.threadgate#listRule","list":"at://did:plc:r/app.bsky.graph.list/l"},
                {"$type":"app.bsky.feed.threadgate#listRule","list":"at://did:plc:r/app.bsky.graph.list/m"}]"#,
            sdk: r#""post":"at://did:plc:r/app.bsky.feed.post/another","hidden_replies":[],"allow":[{"py_type":"app.bsky.feed.threadgate#mentionRule"},
                {"list":"at://did:plc:r/app.bsky.graph.list/l","py_type":"app.bsky.feed.threadgate#listRule"},
                {"list":"at://did:plc:r/app.bsky.graph.list/m","py_type":"app.bsky.feed.threadgate#listRule"}]"#,
        },
        created: r#"{"post_uri":"at://did:plc:r/app.bsky.feed.post/p","owner_did":"did:plc:r","allow_mentions":true,"allow_following":false,
            "allow_list_members":true,"allow_list_uris":["at://did:plc:r/app.bsky.graph.list/l","at://did:plc:r/app.bsky.graph.list/m"],
            "created_at":"{CREATED}","updated_at":"{AT}"}"#,
        update: Fields {
            lexicon: r#""post":"at://did:plc:r/app.bsky.feed.post/p","allow":[{"$type":"app.bsky.feed.threadgate#followingRule"},{"$type":"app.bsky.feed.threadgate#followerRule"}]"#,
            sdk: r#""post":"at://did:plc:r/app.bsky.feed.post/p","allow":[{"py_type":"app.bsky.feed.threadgate#followingRule"},{"py_type":"app.bsky.feed.threadgate#followerRule"}]"#,
        },
        updated: r#"{"post_uri":"at://did:plc:r/app.bsky.feed.post/p","owner_did":"did:plc:r","allow_mentions":false,"allow_following":true,
            "allow_list_members":false,"allow_list_uris":[],"created_at":"{CREATED}","updated_at":"{AT}"}"#,
    }
}

fn post_gate() -> Case {
    Case {
        path: "app.bsky.feed.postgate/p",
        table: "post_gates",
        key: ("post_uri", "at://did:plc:r/app.bsky.feed.post/p"),
        create: Fields {
            lexicon: r#""post":"at://did:plc:r/app.bsky.feed.post/p","embeddingRules":[{"$type":"app.bsky.feed.postgate#disableRule"}],
                "detachedEmbeddingUris":["{P}/1"]"#,
            sdk: r#""post":"at://did:plc:r/app.bsky.feed.post/p","embedding_rules":[{"py_type":"app.bsky.feed.postgate#disableRule"}],
                "detached_embedding_uris":["{P}/1"]"#,
        },
        created: r#"{"post_uri":"at://did:plc:r/app.bsky.feed.post/p","created_at":"{AT}",
            "embedding_rules":{"disableRule":"app.bsky.feed.postgate#disableRule","detachedEmbeddingUris":["{P}/1"]}}"#,
        update: Fields {
            lexicon: r#""post":"at://did:plc:r/app.bsky.feed.post/p""#,
            sdk: r#""post":"at://did:plc:r/app.bsky.feed.post/p","embedding_rules":null,"detached_embedding_uris":null"#,
        },
        updated: r#"{"post_uri":"at://did:plc:r/app.bsky.feed.post/p","created_at":"{AT}","embedding_rules":{}}"#,
    }
}

fn generic() -> Case {
    Case {
        path: "com.example.thing/self",
        table: "generic_records",
        key: ("uri", "at://did:plc:r/com.example.thing/self"),
        create: Fields {
            lexicon: r#""record_type":"kept","signing_key":"01551220","nested":{"n":1.10,"nothing":null}"#,
            sdk: r#""record_type":"kept","signing_key":"01551220","nested":{"$type":"","n":1.10,"nothing":null}"#,
        },
        created: r#"{"uri":"at://did:plc:r/com.example.thing/self","cid":"c-create","author_did":"did:plc:r","record_type":"com.example.thing",
            "record":{"$type":"com.example.thing","createdAt":"2026-07-04T10:02:03+09:00","record_type":"kept","signing_key":"01551220","nested":{"n":1.10,"nothing":null}},
            "created_at":"{CREATED}","indexed_at":"{AT}"}"#,
        update: same(r#""other":[]"#),
        updated: r#"{"uri":"at://did:plc:r/com.example.thing/self","cid":"c-update","author_did":"did:plc:r","record_type":"com.example.thing",
            "record":{"$type":"com.example.thing","createdAt":"2026-07-05","other":[]},"created_at":"{CREATED}","indexed_at":"{AT}"}"#,
    }
}
