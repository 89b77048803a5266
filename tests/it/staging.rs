//! The staging tables' descriptor against the tables as PostgreSQL makes them.

use crate::support::Bed;
use forebay::stage::Stage;

fn statement(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Likes => ("stage_likes", include_str!("../../sql/stage_likes.sql")),
        Stage::Pairs => ("stage_pairs", include_str!("../../sql/stage_pairs.sql")),
        Stage::Posts => ("stage_posts", include_str!("../../sql/stage_posts.sql")),
        Stage::Records => ("stage_records", include_str!("../../sql/stage_records.sql")),
        Stage::Deletes => ("stage_deletes", include_str!("../../sql/stage_deletes.sql")),
    }
}

#[tokio::test]
async fn every_staging_table_has_the_columns_of_its_descriptor() {
    let bed = Bed::new().await;
    for stage in Stage::ALL {
        let (table, sql) = statement(stage);
        bed.client.batch_execute(sql).await.unwrap();
        let query = "select attname::text from pg_attribute
                     where attrelid = $1::text::regclass and attnum > 0 order by attnum";
        let rows = bed.client.query(query, &[&table]).await.unwrap();
        let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(columns, stage.columns(), "{table}");
    }
}
