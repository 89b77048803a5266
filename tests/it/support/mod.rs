//! What every test against real servers needs.

pub mod bed;
pub mod child;
pub mod cluster;
pub mod counts;
pub mod data;
pub mod dump;
pub mod give;
pub mod http;
pub mod log;
pub mod pgbouncer;
pub mod proxy;
pub mod random;
pub mod servers;
pub mod stream;
pub mod tls;
pub mod tools;
pub mod tsv;
pub mod worker;
pub mod wait;

pub use bed::{Bed, Made};
