//! The 150 real events of a relay, through the worker and into the tables, in both dialects.

use serde_json::Value;

use super::convergence::assert_right;
use super::model::{EntryLike, Model};
use super::real::{self, Fields};
use super::support::Bed;
use super::support::give::{self, Given};

/// As the relay's clock had it: all within one second, several in one millisecond.
fn given(entries: Vec<Fields>) -> Vec<Given> {
    let id = |n: usize| format!("{}-{}", 1_783_175_888_000 + n / 8, n % 8);
    let given = |(n, fields): (usize, Fields)| Given {
        id: id(n),
        kind: fields.kind,
        data: fields.data,
        seq: fields.seq,
    };
    entries.into_iter().enumerate().map(given).collect()
}

fn model_of(entries: &[Given]) -> Model {
    let mut model = Model::new();
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

async fn assert_counted(bed: &Bed) {
    let counts = [
        ("likes", 105),
        ("posts", 17),
        ("reposts", 15),
        ("follows", 6),
        ("blocks", 1),
        ("feed_items", 32),
    ];
    for (table, count) in counts {
        let rows: i64 = bed
            .client
            .query_one(&format!("select count(*) from {table}"), &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(rows, count, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_sdk_dialect() {
    let Some(entries) = real::python().map(given) else {
        return;
    };
    let bed = Bed::new().await;
    give::once(&bed, &entries).await;
    assert_counted(&bed).await;
    assert_right(&bed, &model_of(&entries)).await;
    assert_as_jetstream_served(&bed, real::without_added_types).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_lexicon_dialect() {
    let Some(entries) = real::jetstream().map(given) else {
        return;
    };
    let bed = Bed::new().await;
    give::once(&bed, &entries).await;
    assert_counted(&bed).await;
    assert_right(&bed, &model_of(&entries)).await;
    assert_as_jetstream_served(&bed, |found, _| found.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delivered_twice() {
    let Some(entries) = real::python().map(given) else {
        return;
    };
    let bed = Bed::new().await;
    give::twice(&bed, &entries).await;
    assert_right(&bed, &model_of(&entries)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delivered_in_reverse() {
    let Some(entries) = real::python().map(given) else {
        return;
    };
    let bed = Bed::new().await;
    give::in_reverse(&bed, &entries).await;
    assert_right(&bed, &model_of(&entries)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn split_over_two_workers() {
    let Some(entries) = real::python().map(given) else {
        return;
    };
    let bed = Bed::new().await;
    give::to_two_workers(&bed, &entries).await;
    assert_right(&bed, &model_of(&entries)).await;
}

/// Compares what is in the tables with the records as Jetstream served them, field by field.
async fn assert_as_jetstream_served(bed: &Bed, comparable: impl Fn(&Value, &Value) -> Value) {
    let mut posts = 0;
    for (path, record) in real::records().unwrap() {
        let uri = format!("at://{path}");
        match path.split('/').nth(1).unwrap() {
            "app.bsky.feed.post" => {
                posts += 1;
                assert_post(bed, &uri, &record, &comparable).await;
            }
            "app.bsky.feed.like" => assert_subject(bed, "likes", &uri, &record).await,
            "app.bsky.feed.repost" => assert_subject(bed, "reposts", &uri, &record).await,
            _ => {}
        }
    }
    assert_eq!(posts, 17);
}

async fn assert_post(
    bed: &Bed,
    uri: &str,
    record: &Value,
    comparable: &impl Fn(&Value, &Value) -> Value,
) {
    let statement = "select text, langs::text, embed::text, facets::text, parent_uri, root_uri,
        created_at = $2::text::timestamptz at time zone 'UTC' from posts where uri = $1";
    let created_at = record["createdAt"].as_str().unwrap();
    let row = bed
        .client
        .query_one(statement, &[&uri, &created_at])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), record["text"].as_str().unwrap());
    for (column, field) in [(1, "langs"), (2, "embed"), (3, "facets")] {
        let found: Option<&str> = row.get(column);
        let found = found.map_or(Value::Null, |json| serde_json::from_str(json).unwrap());
        assert_eq!(
            comparable(&found, &record[field]),
            record[field],
            "{uri} {field}"
        );
    }
    for (column, end) in [(4, "parent"), (5, "root")] {
        assert_eq!(
            row.get::<_, Option<&str>>(column),
            record["reply"][end]["uri"].as_str()
        );
    }
    assert!(row.get::<_, bool>(6), "{uri} {created_at}");
}

async fn assert_subject(bed: &Bed, table: &str, uri: &str, record: &Value) {
    let statement = format!("select post_uri, subject_cid, via::text from {table} where uri = $1");
    let row = bed.client.query_one(&statement, &[&uri]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), record["subject"]["uri"]);
    assert_eq!(row.get::<_, &str>(1), record["subject"]["cid"]);
    let via: Option<&str> = row.get(2);
    let via = via.map_or(Value::Null, |json| serde_json::from_str(json).unwrap());
    assert_eq!(via["uri"], record["via"]["uri"], "{uri}");
}
