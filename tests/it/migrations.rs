//! What `forebay migrate` makes, and what it leaves alone.

use crate::support::{Bed, Made, bed, counts, dump, servers, tsv};
use forebay::migrate::migrate;

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let (_, url) = bed::database(Made::ByMigrate).await;
    let before = dump::public_schema(&url).await;
    let report = migrate(&mut servers::connect(&url).await).await.unwrap();
    assert_eq!(report, forebay::migrate::Report::default());
    assert_eq!(dump::public_schema(&url).await, before);
}

#[tokio::test]
async fn makes_what_the_tables_of_the_contract_say() {
    let (_, migrated) = bed::database(Made::ByMigrate).await;
    let (_, from_tsv) = bed::database(Made::FromTsvOnly).await;
    let expected = dump::public_schema(&from_tsv).await;
    assert!(expected.contains("CREATE TABLE public.posts"));
    assert_eq!(dump::public_schema(&migrated).await, expected);
}

#[tokio::test]
async fn leaves_the_tables_that_are_there_alone() {
    let (_, url) = bed::database(Made::FromTsvOnly).await;
    let before = dump::public_schema(&url).await;
    let report = migrate(&mut servers::connect(&url).await).await.unwrap();
    assert_eq!(report.tables, [""; 0]);
    assert_eq!(
        report.forebay,
        [
            "V1__forebay",
            "V2__takeover",
            "V3__broken",
            "V4__accounts",
            "V5__backfill"
        ]
    );
    assert_eq!(dump::public_schema(&url).await, before);
}

#[tokio::test]
async fn an_empty_database_has_counts_that_equal_rows() {
    let bed = Bed::new().await;
    counts::assert_equal_rows(&bed.client).await;
    assert_eq!(bed.stream.pending().await, 0);
    assert_eq!(tsv::tables().len(), 27);
}

#[tokio::test]
async fn makes_a_missing_table_and_leaves_the_others() {
    let (_, url) = bed::database(Made::FromTsv).await;
    let before = dump::public_schema(&url).await;
    let mut client = servers::connect(&url).await;
    client
        .batch_execute("drop table public.posts")
        .await
        .unwrap();
    let report = migrate(&mut client).await.unwrap();
    assert_eq!((report.tables, report.forebay.len()), (vec!["posts"], 0));
    assert_eq!(dump::public_schema(&url).await, before);
}

#[tokio::test]
async fn a_table_that_lost_its_indexes_gets_none() {
    let (_, url) = bed::database(Made::FromTsv).await;
    let mut client = servers::connect(&url).await;
    client
        .batch_execute("drop index public.idx_likes_post_uri")
        .await
        .unwrap();
    let before = dump::public_schema(&url).await;
    migrate(&mut client).await.unwrap();
    assert_eq!(dump::public_schema(&url).await, before);
}

#[tokio::test]
async fn several_at_once_make_everything_once() {
    let url = bed::empty_database().await;
    let mut runs = Vec::new();
    for _ in 0..4 {
        let mut client = servers::connect(&url).await;
        runs.push(tokio::spawn(
            async move { migrate(&mut client).await.unwrap() },
        ));
    }
    let mut made = 0;
    for run in runs {
        made += run.await.unwrap().tables.len();
    }
    assert_eq!(made, 27);
}

#[tokio::test]
async fn the_text_of_schema_forebay_has_the_databases_own_collation() {
    let bed = Bed::new().await;
    let other = bed
        .client
        .query(
            "select attrelid::regclass::text, attname from pg_attribute
             where attrelid::regclass::text like 'forebay.%'
               and attcollation not in (0, 'pg_catalog.\"default\"'::regcollation)",
            &[],
        )
        .await
        .unwrap();
    assert!(other.is_empty(), "{other:?}");
}
