//! Repository exports: CAR files in, records as lexicon JSON out.
//!
//! A CAR is a heap of blocks, each under the hash of its content; one of them is the commit, from
//! which the MST leads to every record in the order of their paths. Nothing in the file is trusted:
//! hashes are checked, lengths, depths and visits are bounded, and what is wrong is a [`Problem`]
//! that costs its record and no other. It knows bytes at offsets, neither files nor databases.
//!
//! Sources: CARv1 (ipld.io/specs/transport/car/carv1), atproto.com/specs/repository.

mod block;
mod cbor;
mod index;
mod mst;
mod problem;
mod repo;
mod tid;

pub use block::{BLOCK_BYTES_MAX, ReadAt};
pub use cbor::{BadCbor, Facts, to_lexicon};
pub use problem::Problem;
pub use repo::{Car, Commit, Record, root};
