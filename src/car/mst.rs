//! The way through the MST: every path and the digest of its record, in the order of the paths.
//!
//! No recursion: the nodes on the way to the present one are kept on a stack of bounded depth. Each
//! node is entered once, since no two of a tree can be the same: so a tree that leads to itself, or to
//! one part a million times, ends.

use std::collections::HashSet;

use cid::Cid;
use serde::Deserialize;

use super::block::{Hash, hash_of};
use super::index;
use super::problem::Problem;

/// Levels of a tree at most. One has a level for every two zero bits that a path's hash begins with
/// (atproto.com/specs/repository, "MST structure"); 64 of them nobody finds.
pub const DEPTH_MAX: usize = 64;
/// Bytes of a path at most: an NSID, a slash and a record key.
pub const PATH_BYTES_MAX: usize = 317 + 1 + 512;
/// Bytes of a node at most: it has four entries as a rule.
pub const NODE_BYTES_MAX: u64 = 1 << 20;

#[derive(Deserialize)]
struct Node<'b> {
    l: Option<Cid>,
    #[serde(borrow)]
    e: Vec<Entry<'b>>,
}

#[derive(Deserialize)]
struct Entry<'b> {
    p: u64,
    k: &'b [u8],
    v: Cid,
    t: Option<Cid>,
}

/// One node on the way: what is left of it.
struct Level {
    steps: std::vec::IntoIter<Step>,
    /// The last path, from which the next takes its beginning.
    path: Vec<u8>,
}

enum Step {
    Down(Option<Hash>),
    Leaf {
        shared: usize,
        rest: Box<[u8]>,
        record: Option<Hash>,
    },
}

/// What comes next on the way.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A node: its content is to be given to [`Walk::enter`].
    Node(Hash),
    /// A record.
    Leaf {
        /// `collection/rkey`.
        path: String,
        /// The digest of its block.
        record: Hash,
    },
    /// Something is wrong beneath or behind this path, and passed over.
    Wrong(Problem, String),
}

/// The way through a tree.
pub struct Walk {
    levels: Vec<Level>,
    root: Option<Hash>,
    entered: HashSet<u64>,
    last: Vec<u8>,
}

impl Walk {
    /// Begins at the tree's root.
    pub fn new(root: Hash) -> Walk {
        Walk {
            levels: Vec::new(),
            root: Some(root),
            entered: HashSet::new(),
            last: Vec::new(),
        }
    }

    /// The last path that was come to.
    pub fn last(&self) -> String {
        String::from_utf8_lossy(&self.last).into_owned()
    }

    /// Takes the content of the node that was asked for.
    ///
    /// # Errors
    ///
    /// It is none; the way goes on behind it.
    pub fn enter(&mut self, content: &[u8]) -> Result<(), Problem> {
        let node: Node<'_> =
            serde_ipld_dagcbor::from_slice(content).map_err(|_| Problem::BadNode)?;
        let mut steps = Vec::with_capacity(1 + 2 * node.e.len());
        steps.extend(node.l.iter().map(|left| Step::Down(hash_of(left))));
        for entry in node.e {
            steps.push(Step::Leaf {
                shared: usize::try_from(entry.p).unwrap_or(usize::MAX),
                rest: entry.k.into(),
                record: hash_of(&entry.v),
            });
            steps.extend(entry.t.iter().map(|right| Step::Down(hash_of(right))));
        }
        self.levels.push(Level {
            steps: steps.into_iter(),
            path: Vec::new(),
        });
        Ok(())
    }

    /// The next step; nothing at the end.
    pub fn next(&mut self) -> Option<Next> {
        if let Some(root) = self.root.take() {
            return Some(self.down(Some(root)));
        }
        loop {
            let level = self.levels.last_mut()?;
            match level.steps.next() {
                None => {
                    self.levels.pop();
                }
                Some(Step::Down(hash)) => return Some(self.down(hash)),
                Some(Step::Leaf {
                    shared,
                    rest,
                    record,
                }) => return Some(self.leaf(shared, &rest, record)),
            }
        }
    }

    fn down(&mut self, hash: Option<Hash>) -> Next {
        let problem = match hash {
            None => Problem::MissingBlock,
            Some(_) if self.levels.len() >= DEPTH_MAX => Problem::TooDeep,
            Some(hash) if self.entered.insert(index::key(&hash)) => return Next::Node(hash),
            Some(_) => Problem::Cycle,
        };
        Next::Wrong(problem, self.last())
    }

    fn leaf(&mut self, shared: usize, rest: &[u8], record: Option<Hash>) -> Next {
        let Some(level) = self.levels.last_mut() else {
            return Next::Wrong(Problem::BadNode, String::new());
        };
        if shared > level.path.len() || shared + rest.len() > PATH_BYTES_MAX {
            return Next::Wrong(Problem::BadPath, self.last());
        }
        level.path.truncate(shared);
        level.path.extend_from_slice(rest);
        let is_later = level.path > self.last;
        let path = std::str::from_utf8(&level.path).ok().filter(|_| is_later);
        let Some(path) = path.map(str::to_owned) else {
            let path = String::from_utf8_lossy(&level.path).into_owned();
            return Next::Wrong(Problem::BadPath, path);
        };
        self.last.clone_from(&level.path);
        match record {
            Some(record) => Next::Leaf { path, record },
            None => Next::Wrong(Problem::MissingBlock, path),
        }
    }
}
