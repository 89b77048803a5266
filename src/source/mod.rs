//! The stream: where entries come from and whereto nothing is written.
//!
//! Reading by the consumer group, and reading again by id when a batch must be split. It knows
//! Redis' answers and turns them into [`Entry`](crate::entry::Entry)s; what they mean is for the
//! pure modules.

mod connect;
mod parse;
mod pending;
mod read;
mod reread;

pub use connect::{Redis, ensure_group};
pub use pending::{last_delivered, oldest_pending};
pub use read::{From, Reader, Reading};
pub use reread::{Reread, reread};
