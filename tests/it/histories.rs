//! Short histories that are trouble, each in many orders of arrival and sizes of batches: the
//! tables equal one pass in stream order.

use super::convergence::assert_right;
use super::model::{EntryLike, Model};
use super::support::give::{self, Given};
use super::support::random::Random;
use super::support::worker::drain;
use super::support::{Bed, counts};
use serde_json::{Value, json};

/// An op on a record of `did:plc:{repo}`.
pub struct Op(&'static str, &'static str, Option<Value>);

pub fn put(repo: &'static str, path: &'static str, mut record: Value) -> Op {
    let (collection, _) = path.split_once('/').unwrap();
    record["$type"] = collection.into();
    record["createdAt"] = "2026-07-04T00:00:00Z".into();
    Op(repo, path, Some(record))
}

pub fn delete(repo: &'static str, path: &'static str) -> Op {
    Op(repo, path, None)
}

fn entry(id: &str, ops: &[Op]) -> Given {
    let repo = format!("did:plc:{}", ops[0].0);
    let op = |Op(_, path, record): &Op| match record {
        Some(record) => json!({"action": "create", "path": path, "cid": "bafy", "record": record}),
        None => json!({"action": "delete", "path": path}),
    };
    let data = json!({"repo": repo, "ops": ops.iter().map(op).collect::<Vec<_>>()});
    Given {
        id: id.to_owned(),
        kind: "commit".to_owned(),
        data: data.to_string(),
        seq: "1".to_owned(),
    }
}

/// One op an entry, one entry a millisecond.
pub fn history(ops: Vec<Op>) -> Vec<Given> {
    let id = |n: usize| format!("{}-0", 1_783_175_888_000 + n);
    let entry = |(n, op)| entry(&id(n), &[op]);
    ops.into_iter().enumerate().map(entry).collect()
}

pub fn model_of(entries: &[Given], mut model: Model) -> Model {
    for entry in entries {
        model.apply(&EntryLike {
            id: &entry.id,
            kind: &entry.kind,
            data: entry.data.as_bytes(),
            seq: &entry.seq,
        });
    }
    model
}

/// The same entries in another order, by a seed.
fn shuffled(entries: &[Given], seed: u64) -> Vec<&Given> {
    let mut order: Vec<&Given> = entries.iter().collect();
    Random::of(seed).shuffle(&mut order);
    order
}

/// So many records of other repos, earlier and all new, that rows of their kinds go straight into
/// the tables.
pub fn crowd() -> Vec<Given> {
    let entry = |n: usize| {
        let post = format!("at://did:plc:crowd/app.bsky.feed.post/{n}");
        let record = |path: &'static str, record| {
            let path: &'static str = format!("{path}/crowd{n}").leak();
            put("crowd", path, record)
        };
        let ops = [
            record("app.bsky.feed.post", json!({"text": "x"})),
            record("app.bsky.feed.like", like(&post)),
            record("app.bsky.feed.repost", like(&post)),
            record("app.bsky.bookmark", like(&post)),
            record(
                "app.bsky.graph.follow",
                json!({"subject": format!("did:plc:{n}")}),
            ),
            record(
                "app.bsky.graph.block",
                json!({"subject": format!("did:plc:{n}")}),
            ),
        ];
        entry(&format!("{}-0", 1_783_175_000_000 + n), &ops)
    };
    (0..40).map(entry).collect()
}

/// In four orders, each entry for itself, all at once, and all at once among many others; then all of
/// it once more.
async fn assert_converges(entries: &[Given]) {
    let model = model_of(entries, Model::new());
    let crowd = crowd();
    let among_many = model_of(entries, model_of(&crowd, Model::new()));
    let bed = Bed::new().await;
    for seed in 0..4 {
        for rows in ["1", "1000"] {
            empty(&bed).await;
            give::give_as_replays(&bed, shuffled(entries, seed).into_iter()).await;
            drain(&bed, &["--flush-rows", rows]).await;
            assert_right(&bed, &model).await;
        }
        empty(&bed).await;
        let order = shuffled(entries, seed);
        // Some are there already when the others come with the crowd.
        let (before, with_it) = order.split_at(seed as usize * order.len() / 4);
        give::give_as_replays(&bed, before.iter().copied()).await;
        drain(&bed, &[]).await;
        give::give_as_replays(&bed, crowd.iter().chain(with_it.iter().copied())).await;
        drain(&bed, &["--parallel-consumers", "1"]).await;
        assert_right(&bed, &among_many).await;
    }
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &[]).await;
    assert_right(&bed, &among_many).await;
}

/// Nothing is in the tables any more.
pub async fn empty(bed: &Bed) {
    let statement = "do $$ declare t regclass; begin
        for t in select oid::regclass from pg_class
            where relkind = 'r' and relnamespace in ('public'::regnamespace, 'forebay'::regnamespace)
              and relname <> 'migrations'
        loop execute format('truncate %s cascade', t); end loop; end $$";
    bed.client.batch_execute(statement).await.unwrap();
}

pub fn like(post: &str) -> Value {
    json!({"subject": {"uri": post, "cid": "bafy"}})
}

pub const POST_1: &str = "at://did:plc:a/app.bsky.feed.post/1";
pub const POST_2: &str = "at://did:plc:a/app.bsky.feed.post/2";

#[tokio::test(flavor = "multi_thread")]
async fn created_deleted_and_created_again() {
    assert_converges(&history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        delete("b", "app.bsky.feed.like/1"),
        put("b", "app.bsky.feed.like/1", like(POST_2)),
        put("a", "app.bsky.feed.post/1", json!({"text": "first"})),
        delete("a", "app.bsky.feed.post/1"),
        put("a", "app.bsky.feed.post/1", json!({"text": "again"})),
        put(
            "c",
            "app.bsky.actor.profile/self",
            json!({"displayName": "one"}),
        ),
        delete("c", "app.bsky.actor.profile/self"),
        put(
            "c",
            "app.bsky.graph.list/1",
            json!({"name": "n", "purpose": "p"}),
        ),
        delete("c", "app.bsky.graph.list/1"),
    ]))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_records_of_one_pair() {
    assert_converges(&history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.like/2", like(POST_1)),
        put("b", "app.bsky.feed.like/3", like(POST_1)),
        delete("b", "app.bsky.feed.like/1"),
        put("b", "app.bsky.feed.repost/1", like(POST_1)),
        put("b", "app.bsky.feed.repost/2", like(POST_1)),
        delete("b", "app.bsky.feed.repost/1"),
        put("b", "app.bsky.bookmark/1", like(POST_1)),
        put("b", "app.bsky.bookmark/2", like(POST_1)),
        put(
            "b",
            "app.bsky.graph.follow/1",
            json!({"subject": "did:plc:b"}),
        ),
        put(
            "b",
            "app.bsky.graph.follow/2",
            json!({"subject": "did:plc:b"}),
        ),
        put(
            "b",
            "app.bsky.graph.block/1",
            json!({"subject": "did:plc:c"}),
        ),
        delete("b", "app.bsky.graph.block/1"),
        put(
            "b",
            "app.bsky.graph.block/2",
            json!({"subject": "did:plc:c"}),
        ),
    ]))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_changes_a_pair() {
    assert_converges(&history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.like/2", like(POST_2)),
        put("b", "app.bsky.feed.like/1", like(POST_2)),
        put("b", "app.bsky.feed.like/2", like(POST_1)),
        put(
            "b",
            "app.bsky.graph.listblock/1",
            json!({"subject": "at://did:plc:c/app.bsky.graph.list/1"}),
        ),
        put(
            "b",
            "app.bsky.graph.listblock/1",
            json!({"subject": "at://did:plc:c/app.bsky.graph.list/2"}),
        ),
        put(
            "b",
            "app.bsky.graph.listblock/2",
            json!({"subject": "at://did:plc:c/app.bsky.graph.list/2"}),
        ),
        delete("b", "app.bsky.feed.like/2"),
    ]))
    .await;
}

/// The newest version waits behind another record of its pair, so that its own row is not there to
/// tell that an older one comes late.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_of_a_contested_record_comes_last() {
    let verify = |did: &str| json!({"subject": did, "handle": "h.example"});
    let entries = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.repost/1", like(POST_1)),
        put("b", "app.bsky.graph.verification/1", verify("did:plc:s")),
        put("b", "app.bsky.feed.like/2", like(POST_2)),
        put("b", "app.bsky.feed.repost/2", like(POST_2)),
        put("c", "app.bsky.graph.verification/2", verify("did:plc:t")),
        put("b", "app.bsky.feed.like/1", like(POST_2)),
        put("b", "app.bsky.feed.repost/1", like(POST_2)),
        put("b", "app.bsky.graph.verification/1", verify("did:plc:t")),
    ]);
    let model = model_of(&entries, Model::new());
    let bed = Bed::new().await;
    give::give_as_replays(&bed, entries.iter().rev()).await;
    let one_by_one = ["--flush-rows", "1", "--parallel-consumers", "1"];
    drain(&bed, &one_by_one).await;
    assert_right(&bed, &model).await;
    assert_converges(&entries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_repos_share() {
    let item = |list: &str| json!({"list": list, "subject": "did:plc:s"});
    let list = "at://did:plc:a/app.bsky.graph.list/1";
    let verify = |handle: &str| json!({"subject": "did:plc:s", "handle": handle});
    let generator = "at://did:plc:a/app.bsky.feed.generator/g";
    assert_converges(&history(vec![
        put("a", "app.bsky.graph.listitem/1", item(list)),
        put("b", "app.bsky.graph.listitem/1", item(list)),
        delete("a", "app.bsky.graph.listitem/1"),
        put("a", "app.bsky.graph.verification/1", verify("one.example")),
        put("b", "app.bsky.graph.verification/1", verify("two.example")),
        put(
            "c",
            "app.bsky.graph.verification/1",
            verify("three.example"),
        ),
        delete("a", "app.bsky.graph.verification/1"),
        put("b", "app.bsky.feed.like/g", like(generator)),
        put(
            "a",
            "app.bsky.feed.generator/g",
            json!({"did": "did:web:g.example", "displayName": "g"}),
        ),
        put("c", "app.bsky.feed.like/g", like(generator)),
        put(
            "a",
            "app.bsky.labeler.service/self",
            json!({"policies": {"labelValues": ["x"]}}),
        ),
        put(
            "c",
            "app.bsky.feed.like/l",
            like("at://did:plc:a/app.bsky.labeler.service/self"),
        ),
        delete("b", "app.bsky.feed.like/g"),
    ]))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_whose_parent_or_quote_changes() {
    let reply = |parent: &str| reply_in(parent, POST_1);
    let quote = |of: &str| json!({"text": "x", "embed": {"$type": "app.bsky.embed.record", "record": {"uri": of, "cid": "c"}}});
    assert_converges(&history(vec![
        put("a", "app.bsky.feed.post/1", json!({"text": "root"})),
        put("b", "app.bsky.feed.post/1", reply(POST_1)),
        put("b", "app.bsky.feed.post/1", reply(POST_2)),
        put("c", "app.bsky.feed.post/1", quote(POST_1)),
        put(
            "c",
            "app.bsky.feed.post/1",
            quote("at://did:plc:a/app.bsky.graph.list/1"),
        ),
        put("c", "app.bsky.feed.post/2", quote(POST_1)),
        put("c", "app.bsky.feed.post/2", json!({"text": "no quote"})),
        delete("b", "app.bsky.feed.post/1"),
    ]))
    .await;
}

/// A reply's uri.
const REPLY: &str = "at://did:plc:b/app.bsky.feed.post/r";

pub fn reply_in(parent: &str, root: &str) -> Value {
    let end = |uri: &str| json!({"uri": uri, "cid": "c"});
    json!({"text": "x", "reply": {"parent": end(parent), "root": end(root)}})
}

/// The like that counts is that of the author of the reply's root, as the reply stands.
#[tokio::test(flavor = "multi_thread")]
async fn replies_that_root_authors_like() {
    let of_c = "at://did:plc:c/app.bsky.feed.post/1";
    let other = "at://did:plc:b/app.bsky.feed.post/s";
    assert_converges(&history(vec![
        put("b", "app.bsky.feed.post/r", reply_in(POST_1, POST_1)),
        put("a", "app.bsky.feed.like/1", like(REPLY)),
        put("a", "app.bsky.feed.like/2", like(REPLY)),
        put("c", "app.bsky.feed.like/1", like(REPLY)),
        put("a", "app.bsky.feed.repost/1", like(REPLY)),
        delete("a", "app.bsky.feed.like/1"),
        put("b", "app.bsky.feed.post/s", reply_in(of_c, POST_1)),
        put("c", "app.bsky.feed.like/2", like(other)),
        put("b", "app.bsky.feed.post/s", reply_in(of_c, of_c)),
        put("a", "app.bsky.feed.like/3", like(other)),
        put(
            "b",
            "app.bsky.feed.post/t",
            json!({"text": "x", "reply": {"parent": {"uri": POST_1, "cid": "c"}}}),
        ),
        put(
            "a",
            "app.bsky.feed.like/4",
            like("at://did:plc:b/app.bsky.feed.post/t"),
        ),
        put("b", "app.bsky.feed.post/u", reply_in(POST_1, POST_1)),
        put(
            "a",
            "app.bsky.feed.like/5",
            like("at://did:plc:b/app.bsky.feed.post/u"),
        ),
        put("b", "app.bsky.feed.post/u", json!({"text": "no reply"})),
        put("b", "app.bsky.feed.post/v", reply_in(POST_1, POST_1)),
        put(
            "a",
            "app.bsky.feed.like/6",
            like("at://did:plc:b/app.bsky.feed.post/v"),
        ),
        delete("b", "app.bsky.feed.post/v"),
        put("a", "app.bsky.feed.post/w", reply_in(POST_1, POST_1)),
        put(
            "a",
            "app.bsky.feed.like/7",
            like("at://did:plc:a/app.bsky.feed.post/w"),
        ),
        delete("a", "app.bsky.feed.like/7"),
    ]))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_before_and_after_their_posts() {
    let rules = json!({"allow": [{"$type": "app.bsky.feed.threadgate#mentionRule"}, {"$type": "app.bsky.feed.threadgate#listRule", "list": "at://did:plc:a/app.bsky.graph.list/1"}, {"$type": "app.bsky.feed.threadgate#followerRule"}]});
    assert_converges(&history(vec![
        put("a", "app.bsky.feed.threadgate/1", rules),
        put("a", "app.bsky.feed.postgate/1", json!({"embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}], "detachedEmbeddingUris": [POST_2]})),
        put("a", "app.bsky.feed.post/1", json!({"text": "gated"})),
        put("a", "app.bsky.feed.post/2", json!({"text": "nobody may answer"})),
        put("a", "app.bsky.feed.threadgate/2", json!({"allow": []})),
        put("a", "app.bsky.feed.post/3", json!({"text": "anyone may"})),
        put("a", "app.bsky.feed.threadgate/3", json!({"allow": []})),
        put("a", "app.bsky.feed.threadgate/3", json!({})),
        delete("a", "app.bsky.feed.postgate/1"),
    ]))
    .await;
}

/// A post whose facets mention somebody.
pub fn mention(did: &str) -> Value {
    let feature = json!({"$type": "app.bsky.richtext.facet#mention", "did": did});
    json!({"text": "@x", "facets": [{"index": {"byteStart": 0, "byteEnd": 2}, "features": [feature]}]})
}

pub fn quote_of(quoted: &str) -> Value {
    let record = json!({"uri": quoted, "cid": "c"});
    json!({"text": "x", "embed": {"$type": "app.bsky.embed.record", "record": record}})
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_that_break_the_rules_of_others_gates() {
    const POST_3: &str = "at://did:plc:a/app.bsky.feed.post/3";
    let mentioned = json!({"allow": [{"$type": "app.bsky.feed.threadgate#mentionRule"}]});
    let rules = |detached: Value| json!({"embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}], "detachedEmbeddingUris": detached});
    let detached = json!({"detachedEmbeddingUris": ["at://did:plc:c/app.bsky.feed.post/q"]});
    assert_converges(&history(vec![
        // Whom the root mentions, as it stands at the end.
        put("a", "app.bsky.feed.post/1", mention("did:plc:b")),
        put("a", "app.bsky.feed.threadgate/1", mentioned),
        put("b", "app.bsky.feed.post/1", reply_in(POST_1, POST_1)),
        put(
            "c",
            "app.bsky.feed.post/1",
            reply_in("at://did:plc:b/app.bsky.feed.post/1", POST_1),
        ),
        put("a", "app.bsky.feed.post/11", reply_in(POST_1, POST_1)),
        put("a", "app.bsky.feed.post/1", mention("did:plc:c")),
        // Nobody but its author, and then anybody again.
        put("a", "app.bsky.feed.threadgate/2", json!({"allow": []})),
        put("b", "app.bsky.feed.post/2", reply_in(POST_2, POST_2)),
        put("a", "app.bsky.feed.threadgate/3", json!({"allow": []})),
        put("b", "app.bsky.feed.post/3", reply_in(POST_3, POST_3)),
        put(
            "b",
            "app.bsky.feed.post/33",
            json!({"text": "x", "reply": {"parent": {"uri": POST_3, "cid": "c"}}}),
        ),
        delete("a", "app.bsky.feed.threadgate/3"),
        put("c", "app.bsky.feed.post/2", reply_in(POST_2, POST_3)),
        put("c", "app.bsky.feed.post/2", reply_in(POST_2, POST_2)),
        put("d", "app.bsky.feed.post/2", reply_in(POST_2, POST_2)),
        put("d", "app.bsky.feed.post/2", json!({"text": "no reply"})),
        // No quotes but one's own, and single ones.
        put("b", "app.bsky.feed.post/q", quote_of(POST_1)),
        put("a", "app.bsky.feed.post/q", quote_of(POST_1)),
        put("a", "app.bsky.feed.postgate/1", rules(json!([]))),
        put("a", "app.bsky.feed.postgate/2", detached),
        put("c", "app.bsky.feed.post/q", quote_of(POST_2)),
        put("d", "app.bsky.feed.post/q", quote_of(POST_2)),
        put("c", "app.bsky.feed.post/q3", quote_of(POST_3)),
        put("a", "app.bsky.feed.postgate/3", rules(json!([]))),
        delete("a", "app.bsky.feed.postgate/3"),
        put("d", "app.bsky.feed.post/q1", quote_of(POST_1)),
        put("d", "app.bsky.feed.post/q1", json!({"text": "no quote"})),
    ]))
    .await;
}

/// Entries of one millisecond, more than its microseconds can tell apart.
#[tokio::test(flavor = "multi_thread")]
async fn entries_whose_timestamps_are_the_same() {
    let at = |n: u64, op: Op| entry(&format!("1783175888000-{n}"), &[op]);
    assert_converges(&[
        at(998, put("b", "app.bsky.feed.like/1", like(POST_1))),
        at(999, put("b", "app.bsky.feed.like/1", like(POST_2))),
        at(1_000, put("b", "app.bsky.feed.like/1", like(POST_1))),
        at(
            1_001,
            put("a", "app.bsky.feed.post/1", json!({"text": "one"})),
        ),
        at(
            1_002,
            put("a", "app.bsky.feed.post/1", json!({"text": "two"})),
        ),
        at(
            1_003,
            put(
                "c",
                "app.bsky.actor.profile/self",
                json!({"displayName": "one"}),
            ),
        ),
        at(
            1_004,
            put(
                "c",
                "app.bsky.actor.profile/self",
                json!({"displayName": "two"}),
            ),
        ),
        at(
            1_005,
            put(
                "c",
                "app.bsky.graph.list/1",
                json!({"name": "one", "purpose": "p"}),
            ),
        ),
        at(
            1_006,
            put(
                "c",
                "app.bsky.graph.list/1",
                json!({"name": "two", "purpose": "p"}),
            ),
        ),
        at(
            1_007,
            put(
                "c",
                "app.bsky.graph.list/2",
                json!({"name": "gone", "purpose": "p"}),
            ),
        ),
        at(1_008, delete("c", "app.bsky.graph.list/2")),
        at(
            2_000,
            put(
                "c",
                "app.bsky.graph.follow/1",
                json!({"subject": "did:plc:a"}),
            ),
        ),
        at(
            2_001,
            put(
                "c",
                "app.bsky.graph.follow/2",
                json!({"subject": "did:plc:a"}),
            ),
        ),
        at(70_000, put("b", "app.bsky.feed.like/1", like(POST_2))),
        at(70_001, delete("a", "app.bsky.feed.post/1")),
        at(
            70_002,
            put("a", "app.bsky.feed.threadgate/1", json!({"allow": []})),
        ),
        at(
            70_003,
            put(
                "a",
                "app.bsky.feed.threadgate/1",
                json!({"allow": [{"$type": "app.bsky.feed.threadgate#mentionRule"}]}),
            ),
        ),
    ])
    .await;
}

/// The last op on a uri within an entry stands for all.
#[tokio::test(flavor = "multi_thread")]
async fn several_ops_on_one_uri_in_one_entry() {
    let all = |n: u64, ops: &[Op]| entry(&format!("178317588800{n}-0"), ops);
    assert_converges(&[
        all(
            0,
            &[
                put("b", "app.bsky.feed.like/1", like(POST_1)),
                delete("b", "app.bsky.feed.like/1"),
            ],
        ),
        all(
            1,
            &[
                delete("b", "app.bsky.feed.like/2"),
                put("b", "app.bsky.feed.like/2", like(POST_1)),
            ],
        ),
        all(
            2,
            &[
                put("b", "app.bsky.feed.post/1", json!({"text": "one"})),
                put("b", "app.bsky.feed.post/1", json!({"text": "two"})),
            ],
        ),
        all(
            3,
            &[
                delete("b", "app.bsky.feed.post/1"),
                put("b", "app.bsky.feed.post/1", json!({"text": "three"})),
                delete("b", "app.bsky.feed.like/2"),
            ],
        ),
    ])
    .await;
}

/// Records of actors who opted out are not stored; their profiles are, deletes take effect, and
/// rows from before stay.
#[tokio::test(flavor = "multi_thread")]
async fn actors_who_opted_out() {
    let bed = Bed::new().await;
    let before = history(vec![
        put("out", "app.bsky.feed.post/before", json!({"text": "stays"})),
        put("out", "app.bsky.feed.like/before", like(POST_1)),
    ]);
    give::give_as_replays(&bed, before.iter()).await;
    drain(&bed, &[]).await;
    bed.opt_out("did:plc:out").await;
    let after: Vec<Given> = [
        put(
            "out",
            "app.bsky.feed.post/after",
            json!({"text": "not stored"}),
        ),
        put(
            "out",
            "app.bsky.graph.follow/after",
            json!({"subject": "did:plc:followed"}),
        ),
        put(
            "out",
            "app.bsky.graph.list/after",
            json!({"name": "n", "purpose": "p"}),
        ),
        put(
            "out",
            "app.bsky.actor.profile/self",
            json!({"displayName": "stored"}),
        ),
        delete("out", "app.bsky.feed.like/before"),
        put("in", "app.bsky.feed.like/1", like(POST_1)),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, op)| entry(&format!("1783175889{n:03}-0"), &[op]))
    .collect();
    give::give_as_replays(&bed, after.iter()).await;
    drain(&bed, &[]).await;
    let one = |query: &'static str| bed.client.query_one(query, &[]);
    let found = one(
        "select (select string_agg(text, ' ') from posts), (select count(*) from follows),
                (select count(*) from lists), (select count(*) from likes),
                (select display_name from users where did = 'did:plc:out'),
                (select count(*) from users where did = 'did:plc:followed')",
    )
    .await
    .unwrap();
    assert_eq!(found.get::<_, &str>(0), "stays");
    assert_eq!([1, 2, 3, 5].map(|at| found.get::<_, i64>(at)), [0, 0, 1, 1]);
    assert_eq!(found.get::<_, &str>(4), "stored");
    counts::assert_equal_rows(&bed.client).await;
}
