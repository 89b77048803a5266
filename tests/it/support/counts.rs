//! Whether every count equals its rows, and every row that follows from another is there: asked of
//! the whole database by SQL that shares nothing with the engine's.

use tokio_postgres::{Client, GenericClient};

/// Each gives one line per difference.
const CHECKS: [(&str, &str); 7] = [
    ("post_aggregations", include_str!("counts_of_posts.sql")),
    (
        "posts without counts",
        include_str!("posts_without_counts.sql"),
    ),
    ("own like_count", include_str!("counts_of_own_likes.sql")),
    ("gates", include_str!("gates.sql")),
    ("feed_items", include_str!("feed_items.sql")),
    ("quotes", include_str!("quotes.sql")),
    ("forebay.duplicates", include_str!("duplicates.sql")),
];

/// Of one check, in a message.
const SHOWN: usize = 20;

/// Fails with every difference between the counts and the rows.
pub async fn assert_equal_rows(client: &Client) {
    let found = differences(client).await;
    assert!(
        found.is_empty(),
        "counts and rows differ:\n{}",
        found.join("\n")
    );
}

/// One line per difference.
pub async fn differences(client: &impl GenericClient) -> Vec<String> {
    let mut found = Vec::new();
    for (name, sql) in CHECKS {
        let rows = client
            .query(sql, &[])
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let lines = rows
            .iter()
            .map(|row| format!("{name}: {}", row.get::<_, String>(0)));
        found.extend(lines.take(SHOWN));
        if rows.len() > SHOWN {
            found.push(format!("{name}: … {} in all", rows.len()));
        }
    }
    found
}
