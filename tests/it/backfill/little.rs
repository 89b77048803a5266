//! A real repository of many lexicons, where this machine has it, against a reader that shares nothing
//! with ours.

use super::super::model::{EntryLike, Model, assert_same};
use super::super::support::{Bed, counts};
use super::{STREAM_MS, backfill_all, sum};
use forebay::car::{Car, Record};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::process::Command;

/// Of what read_car.py, with libipld 3.5.0, writes of the file:
/// `pip install libipld && python read_car.py little.car | sha256sum`.
const READ_BY_LIBIPLD: &str = "a353679ba5ab0937959cf65aa80c491bc54ac2b80360d354d25c551311f84628";
const RECORDS: usize = 278;

fn file() -> Option<PathBuf> {
    let data = std::env::var_os("FOREBAY_TEST_DATA").filter(|path| !path.is_empty());
    let Some(data) = data else {
        println!("skipped: no data (FOREBAY_TEST_DATA is not set)");
        return None;
    };
    Some(PathBuf::from(data).join("little.car"))
}

/// All records as we read them, the commit's DID and revision with them.
fn read(content: &[u8]) -> (String, String, Vec<(Record, Value)>) {
    let wrong = |problem, at| panic!("{problem:?} at {at}");
    let mut car = Car::open(content, content, wrong, |_| {}).unwrap();
    let commit = car.commit().clone();
    let mut records = Vec::new();
    let mut json = Vec::new();
    while let Some(record) = car.next(&mut json) {
        records.push((record.unwrap(), serde_json::from_slice(&json).unwrap()));
        json.clear();
    }
    (commit.did, commit.rev.unwrap(), records)
}

fn lines(records: &[(Record, Value)]) -> String {
    let line =
        |(record, json): &(Record, Value)| format!("{} {} {json}\n", record.path, record.cid);
    records.iter().map(line).collect()
}

#[test]
fn is_read_as_libipld_reads_it() {
    let Some(path) = file() else { return };
    let (.., records) = read(&std::fs::read(&path).unwrap());
    assert_eq!(records.len(), RECORDS);
    let lines = lines(&records);
    let digest: String = Sha256::digest(&lines)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let python = std::env::var_os("FOREBAY_PYTHON").unwrap_or("python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/backfill/read_car.py");
    match Command::new(python).arg(script).arg(&path).output() {
        Ok(output) if output.status.success() => {
            assert_eq!(lines, String::from_utf8(output.stdout).unwrap());
        }
        _ => println!("no Python with libipld here: compared with what it wrote elsewhere"),
    }
    assert_eq!(digest, READ_BY_LIBIPLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_in_whole() {
    let Some(path) = file() else { return };
    let bed = Bed::new().await;
    let (did, rev, records) = read(&std::fs::read(&path).unwrap());
    // What has no date is stamped just before the stream's first entry, and so is what lies behind it.
    bed.stream
        .xadd_at(&format!("{STREAM_MS}-0"), "other", "{}", "")
        .await;
    let boundary = i64::try_from(STREAM_MS * 1000).unwrap() - 1;
    let mut model = Model::new();
    for (record, json) in &records {
        let created = record.facts.created_at.unwrap_or(boundary);
        let micros = created.min(boundary);
        let data = json!({"repo": did, "rev": rev, "ops": [
            {"action": "create", "path": record.path, "cid": record.cid, "record": json}]});
        model.apply(&EntryLike {
            id: &format!("{}-{}", micros / 1000, micros % 1000),
            kind: "commit",
            data: data.to_string().as_bytes(),
            seq: "",
        });
    }
    let path = path.display().to_string();
    let summary = backfill_all(&bed, &[&path]).await;
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    let not_stored = sum(&summary, "of collections that have no table");
    assert_eq!(
        sum(&summary, "stored") + not_stored,
        RECORDS as u64,
        "{summary}"
    );
    let again = backfill_all(&bed, &[&path]).await;
    assert!(again.contains("done before 1"), "{again}");
    let restarted = backfill_all(&bed, &[&path, "--restart"]).await;
    assert_eq!(sum(&restarted, "stored"), 0, "{restarted}");
    assert_eq!(
        sum(&restarted, "already there") + not_stored,
        RECORDS as u64,
        "{restarted}"
    );
    assert_same(&model, &bed.client).await;
}
