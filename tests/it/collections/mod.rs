//! Every collection of the contract's table: the whole row after a create, after an update and
//! after a delete, in both dialects. The rows stand here as literals, not as the model has them.

mod actors;
mod cases;
mod gates;
mod others;

use super::real::without_added_types;
use super::support::worker::drain;
use super::support::{Bed, counts};
use serde_json::Value;

pub const REPO: &str = "did:plc:r";
/// One CID as the Python reader writes its bytes, and as records have it.
const HEX: &str = "0155122012fbae18fa56950c6109936c1ee20188e2720edf96dd22b9b7c6c9e05e2bcad1";
const LINK: &str = "bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Lexicon,
    Sdk,
}

/// One moment of the stream: the entry's id, its time as a column shows it, and what records of
/// then say of theirs.
pub struct Moment {
    id: &'static str,
    at: &'static str,
    created_at: &'static str,
    created: &'static str,
}

pub const FIRST: Moment = Moment {
    id: "1783175888000-1",
    at: "2026-07-04T14:38:08.000001",
    created_at: "2026-07-04T10:02:03+09:00",
    created: "2026-07-04T01:02:03",
};
pub const SECOND: Moment = Moment {
    id: "1783175889000-22",
    at: "2026-07-04T14:38:09.000022",
    created_at: "2026-07-05",
    created: "2026-07-05T00:00:00",
};
pub const THIRD: Moment = Moment {
    id: "1783175890000-0",
    at: "2026-07-04T14:38:10",
    created_at: "",
    created: "",
};

/// A record's fields, but for its type and date, in both dialects.
pub struct Fields {
    pub lexicon: &'static str,
    pub sdk: &'static str,
}

/// Fields whose names and values are the same in both.
pub const fn same(fields: &'static str) -> Fields {
    Fields {
        lexicon: fields,
        sdk: fields,
    }
}

/// The record with its type and date; `{HEX}`, `{LINK}` and `{P}` are replaced.
pub fn record(collection: &str, fields: &Fields, dialect: Dialect, moment: &Moment) -> String {
    let at = moment.created_at;
    let text = match dialect {
        Dialect::Lexicon => {
            let fields = fields.lexicon;
            format!(r#"{{"$type":"{collection}","createdAt":"{at}",{fields}}}"#)
        }
        Dialect::Sdk => {
            let fields = fields.sdk;
            format!(
                r#"{{"created_at":"{at}",{fields},"labels":null,"py_type":"{collection}","$type":"{collection}"}}"#
            )
        }
    };
    filled(&text, moment)
}

fn filled(text: &str, moment: &Moment) -> String {
    [
        ("{HEX}", HEX),
        ("{LINK}", LINK),
        ("{P}", "at://did:plc:p/app.bsky.feed.post"),
        ("{AT}", moment.at),
        ("{CREATED}", moment.created),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}

pub fn put(action: &str, path: &str, record: &str) -> String {
    format!(r#"{{"action":"{action}","path":"{path}","cid":"c-{action}","record":{record}}}"#)
}

pub fn delete(path: &str) -> String {
    format!(r#"{{"action":"delete","path":"{path}"}}"#)
}

/// Puts one commit on the stream and waits until it is merged.
pub async fn commit(bed: &Bed, repo: &str, moment: &Moment, ops: &[String]) {
    commit_as(bed, repo, moment.id, ops).await;
    drain(bed, &[]).await;
    counts::assert_equal_rows(&bed.client).await;
    let letters = "select string_agg(reason, ' ') from forebay.dead_letters";
    assert_eq!(text(bed, letters).await, None, "dead letters");
}

pub async fn commit_as(bed: &Bed, repo: &str, id: &str, ops: &[String]) {
    let data = format!(
        r#"{{"repo":"{repo}","ops":[{}],"rev":"3kr","time":"2026-07-04T14:38:07.5Z"}}"#,
        ops.join(",")
    );
    bed.stream.xadd_at(id, "commit", data, "31527015322").await;
}

/// One text of the database.
pub async fn text(bed: &Bed, query: &str) -> Option<String> {
    bed.client.query_one(query, &[]).await.unwrap().get(0)
}

/// All rows of a query as JSON, in its order.
pub async fn rows(bed: &Bed, query: &str) -> Vec<Value> {
    let statement = format!(
        "select (to_jsonb(r) - array['search_vector', 'violates_thread_gate', 'violates_embedding_rules'])::text
         from ({query}) r"
    );
    let rows = bed.client.query(&statement, &[]).await.unwrap();
    rows.iter()
        .map(|row| serde_json::from_str(row.get(0)).unwrap())
        .collect()
}

/// Compares the rows of a query with those expected, but for `$type`s that the SDK adds.
pub async fn assert_rows(bed: &Bed, query: &str, expected: &[String]) {
    let found = rows(bed, query).await;
    let expected: Vec<Value> = expected
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let found: Vec<Value> = found
        .iter()
        .enumerate()
        .map(|(at, row)| without_added_types(row, expected.get(at).unwrap_or(&Value::Null)))
        .collect();
    assert_eq!(
        serde_json::to_string_pretty(&found).unwrap(),
        serde_json::to_string_pretty(&expected).unwrap(),
        "{query}"
    );
}

/// A record's life, and the whole row at its stations. In the rows, `{AT}` is the position and
/// `{CREATED}` the record's date.
pub struct Case {
    pub path: &'static str,
    pub table: &'static str,
    /// The row's key.
    pub key: (&'static str, &'static str),
    pub create: Fields,
    pub created: &'static str,
    pub update: Fields,
    pub updated: &'static str,
}

impl Case {
    fn op(&self, action: &str, fields: &Fields, dialect: Dialect, moment: &Moment) -> String {
        let collection = self.path.split('/').next().unwrap();
        put(
            action,
            self.path,
            &record(collection, fields, dialect, moment),
        )
    }

    async fn assert_row(&self, bed: &Bed, expected: &str, moment: &Moment) {
        let (column, key) = self.key;
        let query = format!("select * from {} where {column} = '{key}'", self.table);
        assert_rows(bed, &query, &[filled(expected, moment)]).await;
    }

    async fn assert_gone(&self, bed: &Bed) {
        let found = rows(bed, &format!("select * from {}", self.table)).await;
        assert!(found.is_empty(), "{} {found:?}", self.path);
    }
}

async fn live(dialect: Dialect) {
    let bed = Bed::new().await;
    let cases = cases::all();
    let creates: Vec<String> = cases
        .iter()
        .map(|case| case.op("create", &case.create, dialect, &FIRST))
        .collect();
    commit(&bed, REPO, &FIRST, &creates).await;
    for case in &cases {
        case.assert_row(&bed, case.created, &FIRST).await;
    }
    let updates: Vec<String> = cases
        .iter()
        .map(|case| case.op("update", &case.update, dialect, &SECOND))
        .collect();
    commit(&bed, REPO, &SECOND, &updates).await;
    for case in &cases {
        case.assert_row(&bed, case.updated, &SECOND).await;
    }
    let deletes: Vec<String> = cases.iter().map(|case| delete(case.path)).collect();
    commit(&bed, REPO, &THIRD, &deletes).await;
    for case in &cases {
        case.assert_gone(&bed).await;
    }
    for table in [
        "feed_items",
        "quotes",
        "notifications",
        "label_events",
        "forebay.duplicates",
    ] {
        assert_rows(&bed, &format!("select * from {table}"), &[]).await;
    }
    let left = "select count(*)::text from post_aggregations
        where (like_count, repost_count, reply_count, bookmark_count, quote_count) <> (0, 0, 0, 0, 0)";
    assert_eq!(text(&bed, left).await.as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_lexicon_dialect() {
    live(Dialect::Lexicon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_sdk_dialect() {
    live(Dialect::Sdk).await;
}
