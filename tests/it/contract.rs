//! The check of the tables: what the contract has passes, what is different is named.

use crate::support::{Made, bed, servers, tsv};
use forebay::contract::{Given, TABLES, Type, check};
use forebay::derived::{Derived, DerivedSet};
use forebay::widths;
use std::collections::HashSet;

async fn findings(url: &str) -> Vec<String> {
    findings_for(url, DerivedSet::ALL).await
}

async fn findings_for(url: &str, derived: DerivedSet) -> Vec<String> {
    let client = servers::connect(url).await;
    let found = check(&client, derived).await.unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_tables_of_migrate_and_of_the_appview_will_do() {
    for made in [Made::ByMigrate, Made::FromTsv] {
        let (_, url) = bed::database(made).await;
        assert_eq!(findings(&url).await, [""; 0], "{made:?}");
    }
}

#[tokio::test]
async fn names_what_is_different() {
    for (change, finding) in [
        ("drop table likes", "table public.likes is missing"),
        (
            "alter table likes drop column via",
            "column public.likes.via is missing",
        ),
        (
            "alter table posts alter column indexed_at type timestamptz",
            "column public.posts.indexed_at is timestamp with time zone; it has to be timestamp without time zone",
        ),
        (
            "alter table posts alter column indexed_at type timestamp(3)",
            "column public.posts.indexed_at is timestamp(3) without time zone; it has to be timestamp without time zone",
        ),
        (
            "alter table posts alter column langs set not null",
            "column public.posts.langs is NOT NULL, and records leave it empty",
        ),
        (
            "alter table posts add column lang text not null",
            "column public.posts.lang is NOT NULL without a default, and forebay does not write it",
        ),
        (
            "alter table feed_generators alter column like_count drop default",
            "column public.feed_generators.like_count is NOT NULL without a default, and forebay does not write it",
        ),
        (
            "drop index unique_like_user_post",
            "table public.likes has no unique key on (user_did, post_uri) that is valid, whole and not deferrable",
        ),
        (
            "drop index unique_like_user_post; create unique index on likes (user_did, post_uri) where via is null",
            "table public.likes has no unique key on (user_did, post_uri) that is valid, whole and not deferrable",
        ),
        (
            "alter table users drop constraint users_pkey cascade; alter table users add unique (did) deferrable",
            "table public.users has no unique key on (did) that is valid, whole and not deferrable",
        ),
        ("drop schema forebay cascade", "schema forebay is missing"),
        (
            "delete from forebay.migrations",
            "schema forebay is of an older forebay",
        ),
        (
            "update forebay.migrations set version = 1005 where version = 5;
             update forebay.compatible set oldest = 1000",
            "schema forebay was made by a newer forebay: it is at version 1005, for which a forebay has to know at least 1000, and this one knows 5",
        ),
    ] {
        let (_, url) = bed::database(Made::ByMigrate).await;
        let client = servers::connect(&url).await;
        client.batch_execute(change).await.unwrap();
        assert_eq!(findings(&url).await, [finding], "{change}");
    }
}

#[tokio::test]
async fn passes_over_what_does_no_harm() {
    let (_, url) = bed::database(Made::ByMigrate).await;
    let client = servers::connect(&url).await;
    for change in [
        "update forebay.migrations set version = 1004 where version = 4",
        "alter table likes alter column uri type text",
        "alter table posts add column lang text not null default ''",
        "alter table posts add column number int generated always as identity",
        "alter table posts alter column cid drop not null",
        "create unique index on likes (post_uri, user_did)",
        "drop index unique_like_user_post",
        "drop index idx_likes_post_uri",
        "drop table firehose_cursor",
        "alter table post_aggregations alter column like_count type bigint",
    ] {
        client.batch_execute(change).await.unwrap();
    }
    assert_eq!(findings(&url).await, [""; 0]);
}

/// What is not kept needs no table.
#[tokio::test]
async fn what_follows_from_records_is_looked_at_where_it_is_kept() {
    let (_, url) = bed::database(Made::ByMigrate).await;
    let client = servers::connect(&url).await;
    let change = "drop table notifications; alter table label_events alter column id drop default";
    client.batch_execute(change).await.unwrap();
    assert_eq!(
        findings(&url).await,
        [
            "table public.notifications is missing",
            "column public.label_events.id is NOT NULL without a default, and forebay does not write it"
        ]
    );
    let others = DerivedSet::NONE.with(Derived::GateViolations);
    assert_eq!(findings_for(&url, others).await, [""; 0]);
}

#[test]
fn the_list_is_the_contracts() {
    let columns: Vec<[&str; 6]> = tsv::rows(tsv::COLUMNS).collect();
    for table in &TABLES {
        for column in table.columns {
            let found = columns
                .iter()
                .find(|[name, _, other, ..]| *name == table.name && *other == column.name);
            let Some([_, _, _, kind, null, default]) = found else {
                panic!("{}.{} is not in the contract", table.name, column.name);
            };
            let expected = match *kind {
                "text" => Type::Text,
                "timestamp" => Type::Time,
                "jsonb" => Type::Json,
                "bool" => Type::Flag,
                "int4" => Type::Count,
                kind if kind.starts_with("varchar(") => Type::Text,
                kind => panic!("{kind}"),
            };
            assert_eq!(column.kind, expected, "{}.{}", table.name, column.name);
            match column.given {
                Given::OrNull => assert_eq!(*null, "", "{}.{}", table.name, column.name),
                Given::Later => assert_ne!(*default, "", "{}.{}", table.name, column.name),
                Given::Always | Given::Never => {}
            }
        }
    }
}

#[test]
fn the_list_has_every_column_of_limited_length() {
    for column in widths::Column::ALL {
        let (table, name) = column.name().split_once('.').unwrap();
        assert!(has(table, name), "{}", column.name());
    }
}

#[test]
fn the_list_has_every_column_that_a_statement_writes() {
    let written = TABLES.iter().filter(|table| table.is_written);
    let names: HashSet<&str> = written.map(|table| table.name).collect();
    let mut seen = 0;
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");
    for file in std::fs::read_dir(dir).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for insert in text.split("insert into ").skip(1) {
            let Some((table, rest)) = insert.split_once(" (") else {
                continue;
            };
            if !names.contains(table) {
                continue;
            }
            let columns = rest.split_once(')').unwrap().0;
            for column in columns.split(',').map(str::trim) {
                assert!(has(table, column), "{table}.{column}");
                seen += 1;
            }
        }
    }
    assert!(
        seen > 80,
        "{seen} columns: does the reading of statements still work?"
    );
}

fn has(table: &str, column: &str) -> bool {
    TABLES
        .iter()
        .filter(|each| each.name == table)
        .any(|each| each.columns.iter().any(|each| each.name == column))
}
