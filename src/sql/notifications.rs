//! The statements about notifications: whom records tell, and what becomes of it.
//!
//! What a record tells is written once for each shape of record, over whatever rows it is asked of:
//! staged, contested, or in the table.

use std::sync::LazyLock;

use super::fill::{at_or_before, fill, staged};
use crate::stage::Kind;

/// What is done with a set of expected notifications.
pub struct Put {
    /// Adds those that are missing; says how many, and how many were there.
    pub add: String,
    /// Makes those that were there what their records say.
    pub revise: String,
}

/// The statements of records of one table that tell one actor each.
pub struct Told {
    /// The table.
    pub kind: Kind,
    /// Removes those of deleted records.
    pub delete: String,
    /// Of records that were simply added: removes what was left under their uris, and adds theirs.
    pub added: [String; 2],
    /// Keeps CIDs of the holders of contested keys.
    pub hold: String,
    /// Removes those of contested records that are not in the table.
    pub withdraw: String,
    /// Of contested records that are.
    pub seated: Put,
}

/// A table whose records tell one actor each.
struct Teller {
    kind: Kind,
    /// The columns of its owner and of what it points at.
    columns: [&'static str; 2],
    reason: &'static str,
    points_at: PointsAt,
    /// Where its record's own CID is, once the record `r` is in the table.
    cid: &'static str,
}

enum PointsAt {
    /// A record: if it is a post, its author is told.
    Record,
    /// The actor who is told.
    Actor,
}

/// Of what has no column for it: revised are contested records alone.
const CONTESTED_CID: &str = "(select case when length(d.cid) <= 255 then nullif(d.cid, '') end \
                             from forebay.duplicates d where d.uri = r.uri)";
const FEED_ITEMS_CID: &str = "nullif((select f.cid from feed_items f where f.uri = r.uri), '')";

const TELLERS: [Teller; 3] = [
    Teller {
        kind: Kind::Likes,
        columns: ["user_did", "post_uri"],
        reason: "like",
        points_at: PointsAt::Record,
        cid: CONTESTED_CID,
    },
    Teller {
        kind: Kind::Reposts,
        columns: ["user_did", "post_uri"],
        reason: "repost",
        points_at: PointsAt::Record,
        cid: FEED_ITEMS_CID,
    },
    Teller {
        kind: Kind::Follows,
        columns: ["follower_did", "following_did"],
        reason: "follow",
        points_at: PointsAt::Actor,
        cid: CONTESTED_CID,
    },
];

fn expected(notified: &str) -> String {
    let file = include_str!("../../sql/notifications_expected.sql");
    fill(file, &[("notified", notified)])
}

fn add(expected: &str) -> String {
    let file = include_str!("../../sql/notifications_put.sql");
    fill(file, &[("expected", expected)])
}

fn put(expected: &str, current: &str) -> Put {
    let names = [("expected", expected), ("current", current)];
    Put {
        add: add(expected),
        revise: fill(include_str!("../../sql/notifications_revise.sql"), &names),
    }
}

fn withdraw(before: &str, expected: &str) -> String {
    let file = include_str!("../../sql/notifications_withdraw.sql");
    fill(file, &[("before", before), ("expected", expected)])
}

impl Teller {
    fn names(&self) -> [(&'static str, &'static str); 6] {
        let [_, subject] = self.columns;
        let [recipient, of_post, reason_subject] = match self.points_at {
            PointsAt::Record => [
                "split_part(r.subject, '/', 3)",
                "split_part(r.subject, '/', 4) = 'app.bsky.feed.post'",
                "r.subject",
            ],
            PointsAt::Actor => ["r.subject", "true", "null::text"],
        };
        [
            ("table", self.kind.name()),
            ("subject", subject),
            ("reason", self.reason),
            ("recipient", recipient),
            ("of_post", of_post),
            ("reason_subject", reason_subject),
        ]
    }

    /// What records tell; `records` gives their uri, author_did, subject, cid, created_at and indexed_at.
    fn notified(&self, records: &str) -> String {
        let file = include_str!("../../sql/notified_by_pairs.sql");
        fill(&fill(file, &self.names()), &[("records", records)])
    }

    /// The rows `x` of its table under a condition.
    fn in_table(&self, condition: &str) -> String {
        let (table, [author, subject]) = (self.kind.name(), self.columns);
        format!(
            "select x.uri, x.{author} as author_did, x.{subject} as subject, \
             coalesce((select n.cid from notifications n where n.uri = x.uri || '#notification'), \
             (select d.cid from forebay.duplicates d where d.uri = x.uri), \
             (select f.cid from feed_items f where f.uri = x.uri)) as cid, \
             x.created_at, x.indexed_at from {table} x where {condition}"
        )
    }

    fn render(&self) -> Told {
        let table = self.kind.name();
        let current = fill(
            include_str!("../../sql/notifications_of_pair.sql"),
            &[&self.names()[..], &[("cid", self.cid)]].concat(),
        );
        let added = format!(
            "select s.uri, s.key1 as author_did, s.key2 as subject, s.cid, s.created_at, s.position as indexed_at \
             from {} and s.uri not in (select l.uri from stage_left l where l.kind = '{table}')",
            staged(self.kind)
        );
        let contested = fill(
            include_str!("../../sql/notifications_contested.sql"),
            &self.names(),
        );
        let seated = format!(
            "select * from ({contested}) d where exists (select from {table} t where t.uri = d.uri offset 0)"
        );
        let seated = expected(&self.notified(&seated));
        let before = format!("select d.uri || '#notification' as uri from ({contested}) d");
        let added = expected(&self.notified(&added));
        let [author, subject] = self.columns;
        let key_match = format!("t.{author} = c.key1 and t.{subject} = c.key2");
        Told {
            kind: self.kind,
            delete: fill(
                include_str!("../../sql/notifications_delete.sql"),
                &self.names(),
            ),
            added: [withdraw(&added, NOTHING), add(&added)],
            hold: fill(
                include_str!("../../sql/notifications_hold.sql"),
                &[("table", table), ("key_match", &key_match)],
            ),
            withdraw: withdraw(&before, &seated),
            seated: put(&seated, &current),
        }
    }
}

static TOLD: LazyLock<[Told; 3]> = LazyLock::new(|| TELLERS.each_ref().map(Teller::render));

/// The statements of a kind, if its records tell anybody.
pub fn told(kind: Kind) -> Option<&'static Told> {
    TOLD.iter().find(|told| told.kind == kind)
}

/// What posts tell; `records` gives their uri, cid, author_did, parent_uri, quoted_uri, facets, created_at
/// and indexed_at.
fn by_posts(records: &str) -> String {
    let file = include_str!("../../sql/notified_by_posts.sql");
    expected(&fill(file, &[("records", records)]))
}

/// The staged ones.
const STAGED_POSTS: &str = "select uri, cid, author_did, parent_uri, quoted_uri, facets, created_at, \
                            position as indexed_at from stage_posts";

/// Posts `x` of the table under a condition.
fn posts_in_table(from: &str) -> String {
    format!(
        "select x.uri, x.cid, x.author_did, x.parent_uri, \
         (select q.quoted_uri from quotes q where q.uri = x.uri || '#quote') as quoted_uri, \
         x.facets, x.created_at, x.indexed_at from {from}"
    )
}

/// Of posts that are about to be deleted, whatever the delete then finds.
pub static POSTS_DELETE: LazyLock<String> = LazyLock::new(|| {
    let gone = format!(
        "stage_deletes d cross join lateral (select t.* from posts t where t.uri = d.uri and {} offset 0) x \
         where d.kind = 'posts'",
        at_or_before("indexed_at")
    );
    withdraw(&by_posts(&posts_in_table(&gone)), NOTHING)
});

/// What older versions of staged posts told, and the newer do not.
pub static POSTS_WITHDRAW: LazyLock<String> = LazyLock::new(|| {
    let old =
        "stage_posts s cross join lateral (select p.* from posts p where p.uri = s.uri offset 0) x";
    withdraw(&by_posts(&posts_in_table(old)), &by_posts(STAGED_POSTS))
});

const NOTHING: &str = "select null::text as uri where false";

/// Of staged posts, as merged.
pub static POSTS_PUT: LazyLock<Put> = LazyLock::new(|| put(&by_posts(STAGED_POSTS), OF_POST));

/// What the post of a notification says now.
const OF_POST: &str = include_str!("../../sql/notifications_of_post.sql");

/// Mentions of posts that are there. In: `$1` their uris.
pub static MENTIONS_PUT: LazyLock<Put> = LazyLock::new(|| {
    let these = "select x.uri, x.cid, x.author_did, null::text as parent_uri, null::text as quoted_uri, \
                 x.facets, x.created_at, x.indexed_at from unnest($1::text[]) as u (uri) \
                 cross join lateral (select p.* from posts p where p.uri = u.uri offset 0) x";
    put(&by_posts(these), OF_POST)
});

/// All notifications of the records under a condition on `x.uri`.
fn in_tables(condition: &str) -> String {
    let told = TELLERS
        .iter()
        .map(|teller| teller.notified(&teller.in_table(condition)));
    let told: Vec<String> = told.map(|notified| expected(&notified)).collect();
    let posts = by_posts(&posts_in_table(&format!("posts x where {condition}")));
    format!("{} union all {posts}", told.join(" union all "))
}

/// What an audit asks and does.
pub struct Audited {
    /// Finds drift in a key range.
    pub find: String,
    /// Mends it by the notifications' uris.
    pub mend: [String; 3],
}

/// An audit's statements.
pub fn audited() -> Audited {
    let range = "x.uri > $1::text and ($2::text is null or x.uri <= $2::text)";
    let (expected, of_record) = (
        in_tables(range),
        in_tables("x.uri = split_part(n.uri, '#', 1)"),
    );
    let names = [
        ("expected", expected.as_str()),
        ("of_record", of_record.as_str()),
    ];
    Audited {
        find: fill(
            include_str!("../../sql/audit_notifications_find.sql"),
            &names,
        ),
        mend: [
            include_str!("../../sql/audit_notifications_remove.sql"),
            include_str!("../../sql/audit_notifications_revise.sql"),
            include_str!("../../sql/audit_notifications_put.sql"),
        ]
        .map(|file| fill(file, &names)),
    }
}
