//! The comparison itself: it must find nothing where the tables are as the model says, and every
//! single change that is made to them.

use super::generated::{entries, model_of, some};
use super::model::{Model, assert_same, assert_same_rejected};
use super::support::Bed;
use forebay::generate::Options;
use serde_json::{Map, Value};
use tokio_postgres::Client;

/// Columns that the model does not know but the tables require.
const REQUIRED: [(&str, &str); 4] = [
    ("forebay.duplicates", "cid"),
    ("forebay.duplicates", "tie"),
    ("forebay.handles", "tie"),
    ("forebay.accounts", "tie"),
];

/// Writes what the model expects, in a way that has nothing to do with the engine's.
async fn store(model: &Model, client: &Client) {
    let tables = model.as_json();
    let tables = tables.as_object().unwrap().iter();
    // Events of labels refer to them.
    let (last, first): (Vec<_>, Vec<_>) =
        tables.partition(|(table, _)| *table == "public.label_events");
    for (table, rows) in first.into_iter().chain(last) {
        let mut all: Vec<Value> = rows.as_object().unwrap().values().cloned().collect();
        for row in &mut all {
            let row = row.as_object_mut().unwrap();
            row.iter_mut()
                .for_each(|(column, value)| as_timestamp(column, value));
            let required = REQUIRED.iter().filter(|(of, _)| of == table);
            row.extend(required.map(|(_, column)| ((*column).to_owned(), "0".into())));
        }
        for rows in all.chunks(5000) {
            insert(client, table, rows).await;
        }
    }
}

/// The columns of any row: a table's rows differ only in those that may be left to their defaults.
fn columns(rows: &[Value]) -> String {
    let all: Map<String, Value> = rows
        .iter()
        .flat_map(|row| row.as_object().unwrap().clone())
        .collect();
    all.keys().cloned().collect::<Vec<_>>().join(", ")
}

async fn insert(client: &Client, table: &str, rows: &[Value]) {
    let columns = columns(rows);
    // What the model does not know of all rows.
    let values = match table {
        "public.users" => columns.replace("indexed_at", "coalesce(indexed_at, now())"),
        "public.posts" => {
            let flag = "violates_thread_gate";
            columns.replace(flag, &format!("coalesce({flag}, false)"))
        }
        _ => columns.clone(),
    };
    let statement = format!(
        "insert into {table} ({columns}) select {values}
         from jsonb_populate_recordset(null::{table}, $1::text::jsonb)"
    );
    let rows = Value::from(rows.to_vec()).to_string();
    client
        .execute(&statement, &[&rows])
        .await
        .unwrap_or_else(|error| panic!("{table}: {error:?}"));
}

fn as_timestamp(column: &str, value: &mut Value) {
    let is_time = column.ends_with("_at") || column == "commit_time" || column == "position";
    if let Some(micros) = value.as_i64().filter(|_| is_time) {
        let at = jiff::Timestamp::from_microsecond(micros).unwrap();
        *value = at.to_string().into();
    }
}

#[tokio::test]
async fn finds_nothing_where_all_is_right() {
    let bed = Bed::new().await;
    let model = model_of(entries(some(0.5)).iter());
    store(&model, &bed.client).await;
    assert_same(&model, &bed.client).await;
}

#[tokio::test]
async fn finds_every_change() {
    let bed = Bed::new().await;
    let model = model_of(entries(some(0.5)).iter());
    store(&model, &bed.client).await;
    let one = |table: &str| format!("ctid = (select min(ctid) from {table})");
    for (change, column) in [
        (format!("update likes set indexed_at = indexed_at + interval '1 us' where {}", one("likes")), "indexed_at"),
        (format!("update posts set embed = '{{}}' where {}", one("posts")), "embed"),
        (format!("update posts set commit_seq = 'x' where {}", one("posts")), "commit_seq"),
        (format!("update users set handle = 'x' where {}", one("users")), "handle"),
        (format!("update post_aggregations set like_count = 7777 where {}", one("post_aggregations")), "like_count"),
        (format!("update feed_generators set like_count = 7777 where {}", one("feed_generators")), "like_count"),
        (format!("update thread_gates set allow_list_uris = '[1]' where {}", one("thread_gates")), "allow_list_uris"),
        (format!("delete from quotes where {}", one("quotes")), "*"),
        (format!("update notifications set is_read = true where {}", one("notifications")), "is_read"),
        (format!("update notifications set cid = 'x' where {}", one("notifications")), "cid"),
        (format!("delete from notifications where {}", one("notifications")), "*"),
        (format!("delete from label_events where {}", one("label_events")), "*"),
        (format!("delete from forebay.duplicates where {}", one("forebay.duplicates")), "*"),
        (format!("update post_viewer_states set like_uri = 'x' where {}", one("post_viewer_states")), "like_uri"),
        (format!("update thread_contexts set root_author_like_uri = 'x' where {}", one("thread_contexts")), "root_author_like_uri"),
        (format!("update posts set violates_embedding_rules = not violates_embedding_rules where {}", one("posts")), "violates_embedding_rules"),
        ("insert into post_aggregations (post_uri) values ('at://did:plc:x/app.bsky.graph.list/y')".into(), "*"),
        ("insert into users (did, handle) values ('did:plc:x', 'y')".into(), "*"),
    ] {
        bed.client.batch_execute("begin").await.unwrap();
        let changed = bed.client.execute(&change, &[]).await.unwrap();
        let found = model.compare(&bed.client).await;
        bed.client.batch_execute("rollback").await.unwrap();
        assert_eq!(changed, 1, "{change}");
        let columns: Vec<_> = found.iter().map(|difference| difference.column.as_str()).collect();
        assert_eq!(columns, [column], "{change}");
    }
    let zeros =
        "insert into post_aggregations (post_uri) values ('at://did:plc:x/app.bsky.feed.post/y')";
    bed.client.execute(zeros, &[]).await.unwrap();
    assert_same(&model, &bed.client).await;
}

#[tokio::test]
async fn compares_the_dead_letters() {
    let bed = Bed::new().await;
    let model = model_of(
        entries(Options {
            events: 500,
            bad: 0.5,
            ..some(0.0)
        })
        .iter(),
    );
    for (id, op, reason) in model.rejected() {
        let op = op.map_or(-1, |op| i32::try_from(op).unwrap());
        let statement = "insert into forebay.dead_letters
            (entry_id, orig_id, op, type, data, truncated, seq, deliveries, reason, remedy)
            values ($1, $1, $2, '', '', false, '', 1, $3, '')";
        bed.client
            .execute(statement, &[id, &op, reason])
            .await
            .unwrap();
    }
    assert_same_rejected(&model, &bed.client).await;
    let change = "update forebay.dead_letters set reason = 'x' where id = (select min(id) from forebay.dead_letters)";
    bed.client.execute(change, &[]).await.unwrap();
    assert_eq!(model.compare_rejected(&bed.client).await.len(), 1);
}

/// Columns outside the convergent state: the AppView's own, and clocks of what has no position.
const NOT_COMPARED: [(&str, &str); 11] = [
    ("notifications", "id"),
    ("label_events", "id"),
    ("users", "search_vector"),
    ("users", "created_at"),
    ("posts", "search_vector"),
    ("post_aggregations", "created_at"),
    ("post_aggregations", "updated_at"),
    ("post_viewer_states", "created_at"),
    ("post_viewer_states", "updated_at"),
    ("thread_contexts", "created_at"),
    ("thread_contexts", "updated_at"),
];

#[test]
fn knows_every_column_of_the_contract() {
    let tables = model_of(entries(some(0.5)).iter()).as_json();
    for line in include_str!("../contract/columns.tsv").lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let (table, column) = (fields[0], fields[2]);
        let Some(rows) = tables[format!("public.{table}")].as_object() else {
            continue;
        };
        let known = rows.values().any(|row| row.get(column).is_some());
        let left_out = NOT_COMPARED.contains(&(table, column));
        assert_ne!(known, left_out, "{table}.{column}");
    }
}
