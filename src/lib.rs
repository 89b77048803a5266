//! forebay gathers AT Protocol events from a Redis stream in per-table buffers and drives
//! them into PostgreSQL by binary COPY and set-based merges.
//!
//! # Invariants
//!
//! Each has a test that fails when it is broken.
//!
//! 1. **Commit before ack.** Only a durable batch can be acknowledged, and only a commit makes one.
//! 2. **Every entry ends as merged, dead-lettered, or still pending.** Each op that is not stored
//!    is counted with its reason.
//! 3. **Convergence.** The tables depend on the set of entries alone, and equal one pass in
//!    stream order.
//! 4. **Counts equal rows**, after every commit.
//! 5. **Memory is bounded**, and so is every queue, retry and loop.
//! 6. **The pure core cannot fail on I/O and never panics**, whatever the bytes.
//! 7. **Bad input never stops the process**; a server that is away never loses an entry; a broken
//!    setup stops it with a sentence that says what to do.
//! 8. **Schema `public` is never altered**, but for `backfill --bulk`, which says so and puts it back.
//!
//! The modules stand in the order of the data: an entry is read at the source, decoded, routed and
//! encoded into a batch; a lane flushes the batch and acknowledges it.

// The pure core: no I/O, no clock.
pub mod position;
pub mod appetite;
pub mod breadth;
pub mod standing;
pub mod entry;
pub mod partition;
pub mod widths;
pub mod derived;
pub mod tally;
pub mod reject;
pub mod letter;
pub mod decode;
pub mod car;
pub mod route;
pub mod rows;
pub mod stage;
pub mod encode;
pub mod batch;
pub mod breaker;
pub mod history;
pub mod generate;

// What talks to the servers.
pub mod error;
pub mod retry;
pub mod source;
pub mod sql;
pub mod flush;
pub mod split;
pub mod apply;
pub mod supply;
pub mod ack;
pub mod health;
pub mod metrics;
pub mod notices;
pub mod store;
pub mod held;
pub mod hand;
pub mod lane;
pub mod claims;
pub mod alone;
pub mod reader;
pub mod heartbeat;
pub mod gauge;
pub mod report;
pub mod housekeeping;

// What shows it.
pub mod pulse;
pub mod survey;
pub mod desk;
pub mod status;
pub mod exposition;
pub mod page;
pub mod http;
pub mod observe;
pub mod bursts;

// What wires all of it.
pub mod pipeline;

// What surrounds the worker.
pub mod config;
pub mod tls;
pub mod database;
pub mod contract;
pub mod ready;
pub mod migrate;
pub mod progress;
pub mod takeover;
pub mod audit;
pub mod dlq;
pub mod purge;
pub mod doctor;
pub mod backfill;
#[cfg(unix)]
pub mod local;
#[cfg(unix)]
pub mod cli;
