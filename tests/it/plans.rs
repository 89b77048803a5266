//! How a lane's statements reach the tables: by index, from the staged side, so that a flush costs no
//! more because the tables have grown.
//!
//! PostgreSQL itself tells: it notes the plan of every statement, and how many rows each step of it has
//! met (its manual, "auto_explain").

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::convergence::generated;
use super::histories::{crowd, history, like, put};
use super::property::history::History;
use super::support::give::{self, Given};
use super::support::random::Random;
use super::support::worker::drain;
use super::support::{Bed, servers};
use forebay::generate::Options;
use forebay::sql;
use serde_json::Value;
use tokio_postgres::error::SqlState;

/// What the server notes of the connections to a database, from the next one on; of triggers and
/// constraints too.
const NOTE: &str = "do $$ declare setting text; begin
    foreach setting in array array['session_preload_libraries = auto_explain',
        'auto_explain.log_min_duration = 0', 'auto_explain.log_format = json',
        'auto_explain.log_analyze = on', 'auto_explain.log_timing = off',
        'auto_explain.log_nested_statements = on']
    loop execute format('alter database %I set %s', current_database(), setting); end loop; end $$";

/// The likes that are there beforehand, with what belongs to them: 8,000 posts, two of three of them
/// at the top.
const LIKES: u64 = 48_000;

/// More tombstones than a batch is compared with at once (`FEW_TOMBSTONES`), later than all entries.
const TOMBSTONES: &str = "insert into forebay.tombstones (uri, position)
    select 'at://did:plc:gone/app.bsky.feed.like/' || n, '2030-01-01' from generate_series(1, 10500) n";

/// More than any step meets for the sake of these batches, and fewer than the filled tables hold.
const ROWS_MAX: f64 = 2_000.0;

/// Steps that read a whole table, by the statement's file and the table.
const WHOLE: [(&str, &str, &str); 2] = [
    (
        "opted_out_all.sql",
        "user_settings",
        "only users of the AppView itself have settings",
    ),
    (
        "straight_contested.sql",
        "duplicates",
        "read only while looking each row up would cost more",
    ),
];

/// Indexes of which a range is read, not a key.
const RANGES: [(&str, &str); 1] = [(
    "tombstones_position",
    "as many as the statement has for a limit, or as that one found",
)];

/// Files of which no lane of a worker has a plan: why, and how their names begin.
const ELSEWHERE: [(&str, &str); 5] = [
    (
        "other commands', or of connections beside the lanes",
        "audit_ backfill_ bench_ broken_ bulk_ catalog_widths. contract_ dead_letters_count.
         dead_letters_delete. dead_letters_ids. dead_letters_latest. dead_letters_purge.
         dead_letters_select demo_ doctor_ estimated_rows. origin_ pulse. purge_count. purges_done.
         purges_locked. purges_order. purges_prune. purges_to_do. sequences_used. server_version.
         takeover_ tombstones_prune.",
    ),
    (
        "without a plan",
        "commit_later. constraints_ copy. probe_ session stage_ straight_begin. straight_end.
         straight_undo. unstage.",
    ),
    (
        "parts of others",
        "notifications_contested. notifications_expected. notifications_of_ notified_by_
         thread_contexts_like. viewer_states_left. violations_of_embedding. violations_of_thread.",
    ),
    (
        "where rows are refused: they read the staging tables alone, or add one row",
        "pairs_probe. pairs_staged. posts_probe. posts_staged.",
    ),
    ("by which lanes are known", "row_security."),
];

/// A plan that a lane's connection ran.
struct Plan {
    /// The statement's file, or its text where it is of no file.
    of: String,
    root: Value,
}

/// The statements' files: how the first line of each begins, which says what it is for, up to a name
/// that is put into it; and the file's name.
fn files() -> BTreeMap<String, String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let file = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (text.split(['\n', '{']).next().unwrap().to_owned(), name)
    };
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| file(entry.unwrap().path())).collect()
}

/// The plans in a server's log of connections that had been made ready for a lane.
fn of_lanes(log: &str, files: &BTreeMap<String, String>) -> Vec<Plan> {
    let (mut lanes, mut plans) = (HashSet::new(), Vec::new());
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.ends_with("  plan:") {
            continue;
        }
        let pid = line.split(['[', ']']).nth(1).unwrap();
        let json = std::iter::from_fn(|| lines.next_if(|line| line.starts_with('\t')));
        let noted: Value = serde_json::from_str(&json.collect::<String>()).unwrap();
        let text = noted["Query Text"].as_str().unwrap();
        if text == sql::ROW_SECURITY {
            lanes.insert(pid);
        } else if lanes.contains(pid) {
            let mut files = files.iter().rev();
            let file = files.find(|(begin, _)| text.starts_with(begin.as_str()));
            plans.push(Plan {
                of: file.map_or(text, |(_, name)| name).to_owned(),
                root: noted["Plan"].clone(),
            });
        }
    }
    plans
}

/// A step of a plan.
struct Step<'p>(&'p Value);

impl<'p> Step<'p> {
    fn text(&self, key: &str) -> &'p str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn number(&self, key: &str) -> f64 {
        self.0[key].as_f64().unwrap_or(0.0)
    }

    /// This one and those below it.
    fn all(root: &'p Value) -> Vec<Step<'p>> {
        let below = root["Plans"].as_array().into_iter().flatten();
        std::iter::once(Step(root))
            .chain(below.flat_map(Step::all))
            .collect()
    }

    /// How many rows it met, those that it then left out among them.
    fn rows(&self) -> f64 {
        let keys = [
            "Actual Rows",
            "Rows Removed by Filter",
            "Rows Removed by Index Recheck",
        ];
        let rows: f64 = keys.iter().map(|key| self.number(key)).sum();
        rows * self.number("Actual Loops")
    }

    /// Whether it looks something up in its index: what a column is not, or that it is null, says
    /// nothing of how many rows there are.
    fn looks_up(&self) -> bool {
        let mut conditions = self.text("Index Cond").split(" AND ");
        conditions.any(|one| !one.is_empty() && !one.contains(" IS N"))
    }

    /// What is wrong with it, where some tables may grow.
    fn fault(&self, of: &str, tables: &HashSet<String>) -> Option<String> {
        let [kind, table, index] =
            ["Node Type", "Relation Name", "Index Name"].map(|k| self.text(k));
        let condition = self.text("Index Cond");
        let is_whole = WHOLE.iter().any(|whole| (whole.0, whole.1) == (of, table));
        let is_bad = match kind {
            "Hash Join" | "Merge Join" => true,
            _ if kind.starts_with("Bitmap") => true,
            "ModifyTable" | "Tid Scan" => false,
            _ if !tables.contains(table) => false,
            "Index Scan" | "Index Only Scan" => {
                let is_range = RANGES.iter().any(|(range, _)| *range == index);
                (!self.looks_up() && !is_whole) || (self.rows() > ROWS_MAX && !is_range)
            }
            _ => !is_whole,
        };
        let rows = self.rows();
        is_bad.then(|| format!("{of}: {kind} {table} {index} {condition}, {rows} rows"))
    }
}

/// Fills the tables as the bench does.
async fn fill(bed: &Bed) {
    let client = bed.connect().await;
    let names = [sql::bench::FILL_DID, sql::bench::FILL_POST].map(str::to_owned);
    let feed_items = sql::bench::FILL_FEED_ITEMS.to_owned();
    let fills = sql::bench::fills(LIKES);
    for statement in names.into_iter().chain(fills).chain([feed_items]) {
        client.batch_execute(&statement).await.unwrap();
    }
}

/// Random histories, in small batches.
async fn histories(bed: &Bed, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let history = History::of(&mut Random::of(seed));
        if let Some(did) = &history.opted_out {
            bed.opt_out(did).await;
        }
        run(bed, &history.entries, "50").await;
    }
}

async fn run(bed: &Bed, entries: &[Given], flush_rows: &str) {
    let one_lane = ["--parallel-consumers", "1", "--account-deleted", "purge"];
    give::give_as_replays(bed, entries.iter()).await;
    let flags = [&one_lane[..], &["--flush-rows", flush_rows]].concat();
    drain(bed, &flags).await;
}

/// So many of one viewer that they go straight in.
fn reactions(kind: &str) -> Vec<Given> {
    let reaction = |n: usize| {
        let path: &'static str = format!("app.bsky.feed.{kind}/{n}").leak();
        let post = format!("at://did:plc:crowd/app.bsky.feed.post/crowd{n}");
        put("viewer", path, like(&post))
    };
    history((0..40).map(reaction).collect())
}

/// Everything that a worker does: to tables of which nothing is known yet, and to some that were
/// analysed; in small batches and in large ones, of more repos than are looked up one by one.
async fn work(bed: &Bed) {
    let some = |seed, events| {
        let (entries, _) = generated(Options {
            seed,
            events,
            users: 20_000,
            sdk: 0.5,
            bad: 0.02,
        });
        entries
    };
    histories(bed, 0..3).await;
    run(bed, &some(61, 2_000), "50").await;
    bed.client.batch_execute("analyze").await.unwrap();
    histories(bed, 3..6).await;
    // A worker each, so that none knows what the one before it stored.
    let of_one = ["repost", "like"].map(reactions);
    for many in [some(62, 5_000), crowd()].iter().chain(&of_one) {
        run(bed, many, "100000").await;
    }
    histories(bed, 6..8).await;
    bed.client.batch_execute(TOMBSTONES).await.unwrap();
    histories(bed, 8..10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_reach_the_tables_by_index() {
    const TABLES: &str = "select relname::text from pg_class where relkind in ('r', 'p')
        and relnamespace in ('public'::regnamespace, 'forebay'::regnamespace)";
    let bed = Bed::new().await;
    if let Err(error) = bed.client.batch_execute("load 'auto_explain'").await {
        assert_eq!(error.code(), Some(&SqlState::UNDEFINED_FILE), "{error}");
        println!("skipped: no auto_explain beside this server");
        return;
    }
    fill(&bed).await;
    bed.client.batch_execute(NOTE).await.unwrap();
    let log = servers::postgres().await.dir().join("log");
    let before = fs::read(&log).unwrap().len();
    work(&bed).await;
    let log = String::from_utf8_lossy(&fs::read(&log).unwrap()[before..]).into_owned();
    let tables = bed.client.query(TABLES, &[]).await.unwrap();
    let tables: HashSet<String> = tables.iter().map(|row| row.get(0)).collect();

    let files = files();
    let plans = of_lanes(&log, &files);
    let faults_of = |plan: &Plan| {
        let steps = Step::all(&plan.root).into_iter();
        let faults = steps.filter_map(|step| step.fault(&plan.of, &tables));
        faults.collect::<Vec<_>>()
    };
    let faults: BTreeSet<String> = plans.iter().flat_map(faults_of).collect();
    assert!(faults.is_empty(), "{faults:#?}");

    let seen: HashSet<&str> = plans.iter().map(|plan| plan.of.as_str()).collect();
    let elsewhere = ELSEWHERE.iter().map(|(_, names)| names.split_whitespace());
    let elsewhere: Vec<&str> = elsewhere.flatten().collect();
    let is_elsewhere = |name: &str| elsewhere.iter().any(|begin| name.starts_with(begin));
    let unseen = files.values().filter(|name| !seen.contains(name.as_str()));
    let unseen: Vec<_> = unseen.filter(|name| !is_elsewhere(name)).collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}
