//! The stream: where entries come from, and what is noted beside it.
//!
//! Reading by the consumer group, claiming what others left, and reading again by id when a batch
//! must be split. It knows Redis' answers and turns them into
//! [`Entry`](crate::entry::Entry)s and numbers; what they mean is for the pure modules.

mod activity;
mod address;
mod claim;
mod cluster;
mod connect;
mod group;
mod id;
mod line;
mod notes;
mod parse;
mod pending;
mod range;
mod read;
mod reply;
mod reread;
mod standing;

pub use activity::{Consumer, consumers, first_id, members, now, version};
pub use address::{RedisAddressError, parse as parse_address};
pub use claim::{Claim, claim, deliveries, renew};
pub use cluster::add_to_cluster_metrics;
pub use connect::Redis;
pub use group::{Made, dismiss_idle, ensure_group, replay};
pub use notes::{Name, begin_alone, end_alone, keep_name, leave_name, survived_alone};
pub use pending::{last_delivered, oldest_pending};
pub use range::range;
pub use read::{From, Reader, Reading};
pub use reread::{Reread, reread};
pub use standing::{look, note_unread, stream_counters};
