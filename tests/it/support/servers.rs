//! One PostgreSQL for all tests of this process, with a template database for each way of making
//! the schema. It ends with the process.

use super::tsv;
use forebay::local::{Home, Postgres};
use std::future::Future;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

static POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
static MIGRATED: OnceCell<()> = OnceCell::const_new();
static FROM_TSV: OnceCell<()> = OnceCell::const_new();

/// The template databases.
pub const MIGRATED_TEMPLATE: &str = "template_migrated";
pub const TSV_TEMPLATE: &str = "template_tsv";

/// The shared server. Where its programs are missing, the test fails with the sentence that says
/// so.
pub async fn postgres() -> &'static Postgres {
    POSTGRES.get_or_init(start).await
}

/// No test ends this server, nor looks at what a crash of the machine would leave: those have a cluster
/// of their own. Waiting for the disk at each of thousands of commits and databases would be for nothing.
async fn start() -> Postgres {
    const UNSAFE: &str = "alter system set fsync = off; alter system set full_page_writes = off";
    let postgres = or_fail(Postgres::start(Home::Temporary).await);
    let client = connect(&or_fail(postgres.database("settings").await)).await;
    for statement in UNSAFE.split("; ").chain(["select pg_reload_conf()"]) {
        client.batch_execute(statement).await.unwrap();
    }
    postgres
}

/// Makes the database that `forebay migrate` makes, once.
pub async fn migrated_template() {
    MIGRATED
        .get_or_init(|| {
            make_template(MIGRATED_TEMPLATE, async |client| {
                forebay::migrate::migrate(client).await.unwrap();
            })
        })
        .await;
}

/// Makes the database that the AppView would make, once: from the TSVs, without forebay's files.
pub async fn tsv_template() {
    FROM_TSV
        .get_or_init(|| {
            make_template(TSV_TEMPLATE, async |client| {
                client.batch_execute(&tsv::ddl()).await.unwrap();
            })
        })
        .await;
}

async fn make_template(name: &str, fill: impl AsyncFnOnce(&mut Client)) {
    let url = or_fail(postgres().await.database(name).await);
    let (mut client, connection) = connect_with(&url).await;
    fill(&mut client).await;
    drop(client);
    // A template must not be in use when it is copied.
    connection.await;
}

/// A client of a database, whose connection runs on the test's runtime.
pub async fn connect(url: &str) -> Client {
    connect_with(url).await.0
}

async fn connect_with(url: &str) -> (Client, impl Future<Output = ()>) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let running = tokio::spawn(connection);
    (client, async {
        let _ = running.await;
    })
}

/// Fails the test with the error's own sentence.
pub fn or_fail<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
