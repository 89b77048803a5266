//! What can be wrong with a repository export.

/// A problem, with where it lies as far as that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// The header is none of a CAR of version 1.
    NotACar,
    /// The file ends within a block.
    Truncated,
    /// A block is longer than any of a repository.
    BlockTooLarge,
    /// A block whose CID cannot be read.
    BadCid,
    /// A block whose content does not hash to its CID.
    WrongHash,
    /// There are more blocks than are kept in mind.
    TooManyBlocks,
    /// The root block is no commit of a repository.
    NotACommit,
    /// A block that is needed is not in the file, or was found wrong.
    MissingBlock,
    /// A node of the MST is not what a node is.
    BadNode,
    /// The MST leads to a node that it has led to before.
    Cycle,
    /// The MST is deeper than any can be.
    TooDeep,
    /// A path is out of order, or one that no record can have.
    BadPath,
    /// A record is not DAG-CBOR, or nests too deep.
    BadRecord,
    /// The file cannot be read.
    Unreadable,
}

impl Problem {
    /// All of them.
    pub const ALL: [Problem; 14] = [
        Problem::NotACar,
        Problem::Truncated,
        Problem::BlockTooLarge,
        Problem::BadCid,
        Problem::WrongHash,
        Problem::TooManyBlocks,
        Problem::NotACommit,
        Problem::MissingBlock,
        Problem::BadNode,
        Problem::Cycle,
        Problem::TooDeep,
        Problem::BadPath,
        Problem::BadRecord,
        Problem::Unreadable,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Problem::NotACar => "not_a_car",
            Problem::Truncated => "truncated",
            Problem::BlockTooLarge => "block_too_large",
            Problem::BadCid => "bad_cid",
            Problem::WrongHash => "wrong_hash",
            Problem::TooManyBlocks => "too_many_blocks",
            Problem::NotACommit => "not_a_commit",
            Problem::MissingBlock => "missing_block",
            Problem::BadNode => "bad_node",
            Problem::Cycle => "cyclic_tree",
            Problem::TooDeep => "tree_too_deep",
            Problem::BadPath => "bad_path",
            Problem::BadRecord => "bad_record",
            Problem::Unreadable => "unreadable",
        }
    }
}
