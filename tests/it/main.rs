//! Everything that needs real servers, in one binary: they are started once.

#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod audit;
mod backfill;
mod bench;
mod breaker;
mod catch_up;
mod collections;
mod config;
mod contract;
mod convergence;
mod crash;
mod damage;
mod deploy;
mod dlq;
mod doctor;
mod endings;
mod failover;
mod faults;
mod generated;
mod helpers;
mod histories;
mod hostile;
mod interleaved;
mod local;
mod logs;
mod migrations;
mod model;
mod network;
mod notifications;
mod observed;
mod oracle;
mod page;
mod pending;
mod process;
mod property;
mod real;
mod refused;
mod relay;
mod reporting;
mod schema;
mod security;
mod server_limits;
mod staging;
mod status;
mod straight;
mod stream_loss;
mod support;
mod takeover;
mod tidy;
mod tls;
mod tombstones;
mod upgrade;
mod values;
