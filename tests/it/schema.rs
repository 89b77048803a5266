//! The AppView's schema: whoever made it, and whatever was added to it, it is never altered.

use super::convergence::{assert_right, generated};
use super::support::give;
use super::support::{Bed, Made, dump};
use forebay::generate::Options;

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_others_made_work_and_stay_as_they_are() {
    let bed = Bed::on(Made::FromTsv).await;
    let before = dump::public_schema(&bed.database_url).await;
    let options = Options {
        seed: 3,
        events: 4_000,
        users: 200,
        ..Options::default()
    };
    let (entries, model) = generated(options);
    give::once(&bed, &entries).await;
    assert_right(&bed, &model).await;
    assert_eq!(dump::public_schema(&bed.database_url).await, before);
}

/// Lengths come from the live catalog.
#[tokio::test(flavor = "multi_thread")]
async fn a_widened_column_takes_what_the_contracts_would_not() {
    let bed = Bed::on(Made::FromTsv).await;
    bed.client
        .batch_execute("alter table lists alter purpose type varchar(2000)")
        .await
        .unwrap();
    let long = "p".repeat(1_500);
    let data = format!(
        r#"{{"repo":"did:plc:a","ops":[{{"action":"create","path":"app.bsky.graph.list/1","cid":"bafy",
            "record":{{"$type":"app.bsky.graph.list","name":"n","purpose":"{long}"}}}}]}}"#
    );
    bed.stream.xadd("commit", &data, "1").await;
    super::support::worker::drain(&bed, &[]).await;
    let row = bed
        .client
        .query_one("select purpose from lists", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>(0), long);
}

/// The AppView's database chooses its collation; neither merges nor the order of locks may depend
/// on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_a_locale() {
    let Some(bed) = Bed::in_a_locale().await else {
        return;
    };
    let differs = "select 'a' < 'B'";
    let row = bed.client.query_one(differs, &[]).await.unwrap();
    assert!(row.get::<_, bool>(0), "ordered by bytes");
    let (entries, model) = generated(Options {
        seed: 4,
        events: 4_000,
        users: 200,
        ..Options::default()
    });
    give::to_two_workers(&bed, &entries).await;
    assert_right(&bed, &model).await;
}
