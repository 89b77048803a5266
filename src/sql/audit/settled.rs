//! Drift of what follows from reactions, replies and gates.

use super::super::fill::fill;
use super::super::settled::{OF_EMBEDDING, OF_THREAD, ViewerStates, root_author_like};
use super::{Check, Judged, Step, keys, next};

const VIEWER_STATES_FIND: &str = include_str!("../../../sql/audit_viewer_states_find.sql");
const THREAD_CONTEXTS_REMOVE: &str = include_str!("../../../sql/audit_thread_contexts_remove.sql");

/// Keys are a post and a viewer, with a chr(31) between them.
pub(super) fn viewer_states() -> Check {
    let pairs = "(select split_part(k.key, chr(31), 2) as key1, split_part(k.key, chr(31), 1) as key2 \
                 from unnest($1::text[]) as k (key))";
    let ViewerStates { put, remove, clear } = super::super::settled::viewer_states(pairs);
    Check {
        name: "post_viewer_states".to_owned(),
        tables: vec!["post_viewer_states"],
        next: next(&[
            ("likes", "post_uri"),
            ("reposts", "post_uri"),
            ("bookmarks", "post_uri"),
            ("post_viewer_states", "post_uri"),
        ]),
        find: VIEWER_STATES_FIND.to_owned(),
        left: None,
        targets: None,
        mend: [put, remove, clear].map(Step::Keys).into(),
    }
}

pub(super) fn thread_contexts() -> Check {
    Check {
        name: "thread_contexts".to_owned(),
        tables: vec!["thread_contexts"],
        next: next(&[("posts", "uri"), ("thread_contexts", "post_uri")]),
        find: fill(
            include_str!("../../../sql/audit_thread_contexts_find.sql"),
            &[("like", &root_author_like("p.uri"))],
        ),
        left: None,
        targets: None,
        mend: vec![
            keys(THREAD_CONTEXTS_REMOVE),
            Step::Keys(thread_contexts_put("p.uri = any ($1::text[])")),
        ],
    }
}

/// Sets the thread contexts of replies `p`.
pub(in crate::sql) fn thread_contexts_put(replies: &str) -> String {
    let like = root_author_like("p.uri");
    let names = [("replies", replies), ("like", &like)];
    fill(
        include_str!("../../../sql/audit_thread_contexts_put.sql"),
        &names,
    )
}

pub(super) fn violations(judged: Judged) -> Check {
    let find = |judged| {
        let due = match judged {
            Judged::Once => include_str!("../../../sql/audit_violations_lasting.sql"),
            Judged::Anew => "true",
        };
        let find = include_str!("../../../sql/audit_violations_find.sql");
        let names = [
            ("due", due),
            ("thread", OF_THREAD),
            ("embedding", OF_EMBEDDING),
        ];
        fill(find, &names)
    };
    Check {
        name: "violations of gates".to_owned(),
        tables: vec!["posts"],
        next: next(&[("posts", "uri")]),
        find: find(judged),
        left: Some(find(Judged::Once)),
        targets: None,
        mend: vec![Step::Keys(violations_mend("p.uri = any ($1::text[])"))],
    }
}

/// Sets the flags of posts `p`.
pub(in crate::sql) fn violations_mend(posts: &str) -> String {
    let mend = include_str!("../../../sql/audit_violations_mend.sql");
    let names = [
        ("posts", posts),
        ("thread", OF_THREAD),
        ("embedding", OF_EMBEDDING),
    ];
    fill(mend, &names)
}
