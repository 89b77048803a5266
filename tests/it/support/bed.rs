//! What one test stands on: a database of its own and a Redis of its own.

use super::servers::{self, connect, or_fail};
use super::stream::Stream;
use super::wait;
use forebay::local::{Home, Persistence, Redis};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// Databases of tests that are over; the next test drops them, so that a long run does not fill
/// the disk.
static OVER: Mutex<Vec<String>> = Mutex::new(Vec::new());
static COUNT: AtomicU32 = AtomicU32::new(0);

/// How a test's database came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// By `forebay migrate`, from nothing.
    ByMigrate,
    /// As the AppView would, from the TSVs; `forebay migrate` added schema `forebay`.
    FromTsv,
    /// As the AppView would, from the TSVs; nothing of forebay's.
    FromTsvOnly,
}

/// A test's own database and Redis. Both go when it is dropped.
pub struct Bed {
    /// A client of the database, as its superuser.
    pub client: Client,
    pub database_url: String,
    database: String,
    pub redis: Redis,
    pub redis_url: String,
    /// The stream, on that Redis.
    pub stream: Stream,
}

impl Bed {
    /// On a database made by `forebay migrate`.
    pub async fn new() -> Bed {
        Bed::on(Made::ByMigrate).await
    }

    pub async fn on(made: Made) -> Bed {
        let (database, database_url) = database(made).await;
        Bed::of(database, database_url).await
    }

    /// On a migrated database whose text is ordered by a language's rules, not by bytes; `None`,
    /// and said so, where the server has no such locale.
    pub async fn in_a_locale() -> Option<Bed> {
        let (name, url) = database_in_a_locale().await?;
        forebay::migrate::migrate(&mut connect(&url).await)
            .await
            .unwrap();
        Some(Bed::of(name, url).await)
    }

    async fn of(database: String, database_url: String) -> Bed {
        let client = connect(&database_url).await;
        let redis = or_fail(Redis::start(Home::Temporary, Persistence::None).await);
        let redis_url = redis.url();
        let stream = Stream::of(&redis_url).await;
        Bed {
            client,
            database_url,
            database,
            redis,
            redis_url,
            stream,
        }
    }

    /// What a statement that gives one number gives.
    pub async fn number(&self, statement: &str) -> i64 {
        self.client.query_one(statement, &[]).await.unwrap().get(0)
    }

    /// An actor's records are not to be stored. Settings refer to a users row.
    pub async fn opt_out(&self, did: &str) {
        let statements = [
            "insert into users (did, handle) values ($1, 'handle.invalid') on conflict do nothing",
            "insert into user_settings (user_did, data_collection_forbidden) values ($1, true)",
        ];
        for statement in statements {
            self.client.execute(statement, &[&did]).await.unwrap();
        }
    }

    /// Another client of the database.
    pub async fn connect(&self) -> Client {
        connect(&self.database_url).await
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        OVER.lock().unwrap().push(self.database.clone());
    }
}

/// A new database: its name and URL.
pub async fn database(made: Made) -> (String, String) {
    let template = match made {
        Made::ByMigrate => {
            servers::migrated_template().await;
            servers::MIGRATED_TEMPLATE
        }
        Made::FromTsv | Made::FromTsvOnly => {
            servers::tsv_template().await;
            servers::TSV_TEMPLATE
        }
    };
    let (name, url) = copy_of(template).await;
    if made == Made::FromTsv {
        let mut client = connect(&url).await;
        forebay::migrate::migrate(&mut client).await.unwrap();
    }
    (name, url)
}

/// A new database without any table: its URL.
pub async fn empty_database() -> String {
    copy_of("template1").await.1
}

/// What makes a database with English collation: by ICU from PostgreSQL 15 on, else by the
/// system's own locale.
const LOCALES: [&str; 2] = [
    "locale_provider icu icu_locale 'en-US'",
    "lc_collate 'en_US.UTF-8' lc_ctype 'en_US.UTF-8'",
];

async fn database_in_a_locale() -> Option<(String, String)> {
    let postgres = servers::postgres().await;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let client = connect(&postgres.url("postgres")).await;
    for locale in LOCALES {
        let statement =
            format!("create database {name} template template0 encoding 'UTF8' {locale}");
        match client.batch_execute(&statement).await {
            Ok(()) => return Some((name.clone(), postgres.url(&name))),
            Err(error) => println!("{locale}: {error}"),
        }
    }
    println!("skipped: no locale on this server");
    None
}

async fn copy_of(template: &str) -> (String, String) {
    let postgres = servers::postgres().await;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let client = connect(&postgres.url("postgres")).await;
    drop_what_is_over(&client).await;
    copy(&client, template, &name).await;
    let url = postgres.url(&name);
    (name, url)
}

async fn copy(client: &Client, template: &str, name: &str) {
    let statement = format!("create database {name} template {template}");
    // The connection that made the template may still be on its way out.
    wait::until("the template is free", async || {
        match client.batch_execute(&statement).await {
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => false,
            result => {
                result.unwrap();
                true
            }
        }
    })
    .await;
}

async fn drop_what_is_over(client: &Client) {
    let names = std::mem::take(&mut *OVER.lock().unwrap());
    for name in names {
        let statement = format!("drop database {name} with (force)");
        client.batch_execute(&statement).await.unwrap();
    }
}
