//! Replies that went straight in.

use super::merging::Merging;
use crate::decode::uri;
use crate::stage::Kind;

/// A reply.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'b> {
    /// The post.
    pub uri: &'b str,
    /// What began its thread; what it answers where it does not say.
    pub root: &'b str,
}

impl<'b> Reply<'b> {
    /// Who began its thread.
    pub fn root_author(&self) -> &'b str {
        uri::authority(self.root).unwrap_or_default()
    }
}

/// The staged columns of a post's uri and of its reply's ends.
const COLUMNS: [usize; 3] = [0, 5, 7];

/// All of them, in no order.
pub fn straight<'b>(merging: &Merging<'b>) -> Vec<Reply<'b>> {
    if merging.straight.count(Kind::Posts) == 0 {
        return Vec::new();
    }
    let rows = merging
        .batch
        .cells_of(Kind::Posts, &merging.straight, COLUMNS);
    let text = |cell: Option<&'b [u8]>| std::str::from_utf8(cell?).ok();
    let reply = |(_, [uri, parent, root]): (u32, [Option<&'b [u8]>; 3])| {
        let parent = text(parent)?;
        Some(Reply {
            uri: text(uri)?,
            root: text(root).unwrap_or(parent),
        })
    };
    rows.filter_map(reply).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_where_they_are_looked_for() {
        let names = COLUMNS.map(|at| Kind::Posts.stage().columns()[at]);
        assert_eq!(names, ["uri", "parent_uri", "root_uri"]);
    }
}
