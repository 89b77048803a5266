//! Commits: which records an event creates, changes and deletes, and the JSON around them.
//!
//! It knows the orders in which things go wrong on the network (a like before its post, a record
//! made and deleted in one commit, a pair made twice), and leaves the records to others.

use super::json::Dialect;
use super::kind::Kind;
use super::memory::{Made, Pair};
use super::names;
use super::{Generator, SEQ_FIRST};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Delete,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }
}

/// What is updated, the likelier more often. Updates of pairs point elsewhere afterwards.
const UPDATED: [Kind; 24] = [
    Kind::Profile,
    Kind::Profile,
    Kind::Profile,
    Kind::Profile,
    Kind::Profile,
    Kind::Profile,
    Kind::Post,
    Kind::Post,
    Kind::Post,
    Kind::Post,
    Kind::List,
    Kind::FeedGenerator,
    Kind::StarterPack,
    Kind::Labeler,
    Kind::ThreadGate,
    Kind::ThreadGate,
    Kind::PostGate,
    Kind::Document,
    Kind::Status,
    Kind::Play,
    Kind::Like,
    Kind::Repost,
    Kind::ListItem,
    Kind::Verification,
];

impl Generator {
    /// A commit that creates, in a few cases with more ops beside the first.
    pub(super) fn creation(&mut self, kind: Kind) -> &'static str {
        let again = if kind.is_pair() {
            self.pair_to_repeat(kind)
        } else {
            None
        };
        let made = self.next_made(kind, again);
        self.open_commit(made.user);
        self.create(made, again);
        if again.is_some() {
            self.memory.contested.push(made);
        }
        if self.random.chance(20) {
            self.more_ops(made);
        }
        self.close_commit()
    }

    /// A pair made before, now under another record key: two in a thousand, the rare kinds more
    /// often so that a short stream has some.
    fn pair_to_repeat(&mut self, kind: Kind) -> Option<Pair> {
        let per_mille = match kind {
            Kind::Like | Kind::Follow | Kind::Repost | Kind::Block => 2,
            _ => 60,
        };
        if !self.random.chance(per_mille) {
            return None;
        }
        self.memory.recent_pair(kind, &mut self.random)
    }

    /// Who makes a pair again: for keys that lack the owner, anyone.
    fn repeater(&mut self, pair: &Pair) -> u32 {
        match pair.kind {
            Kind::ListItem | Kind::Verification if self.random.chance(500) => self.anyone(),
            _ => pair.user,
        }
    }

    /// The record to create: one that was promised, or a new one.
    fn next_made(&mut self, kind: Kind, again: Option<Pair>) -> Made {
        let promise = if self.random.chance(250) {
            self.memory.keep_promise(kind)
        } else {
            None
        };
        match (again, promise) {
            (Some(pair), _) => {
                let user = self.repeater(&pair);
                self.new_made(kind, user)
            }
            (None, Some(made)) => made,
            (None, None) => {
                let user = self.user();
                self.new_made(kind, user)
            }
        }
    }

    /// A record that does not exist yet. A gate takes the key of one of its owner's posts.
    pub(super) fn new_made(&mut self, kind: Kind, user: u32) -> Made {
        self.ticks += 1;
        let clock = self.random.below(1024);
        let tid = names::tid(names::BASE + self.ticks * 900, clock);
        let cid = self.random.next();
        let made = Made {
            kind,
            user,
            tid,
            cid,
        };
        match kind {
            Kind::ThreadGate | Kind::PostGate => self.gated(made),
            _ => made,
        }
    }

    fn gated(&mut self, gate: Made) -> Made {
        let post = match self.random.below(10) {
            0 => self.promised_post(),
            _ => self.memory.recent(Kind::Post, &mut self.random),
        };
        post.map_or(gate, |post| Made {
            user: post.user,
            tid: post.tid,
            ..gate
        })
    }

    fn create(&mut self, made: Made, again: Option<Pair>) {
        self.write_op(Action::Create, made, again);
        self.memory.remember(made);
    }

    /// Up to four more ops of the same repo; some undo or overwrite the first.
    fn more_ops(&mut self, first: Made) {
        for _ in 0..=self.random.below(4) {
            match self.random.below(10) {
                0 => self.write_op(Action::Delete, first, None),
                1 => {
                    let changed = Made {
                        cid: self.random.next(),
                        ..first
                    };
                    self.write_op(Action::Update, changed, None);
                }
                2 => self.create(first, None),
                _ => self.another(first),
            }
        }
    }

    /// A creation beside the first: gates beside their post, items beside their list.
    fn another(&mut self, first: Made) {
        let draw = self.random.below(Kind::total());
        let kind = match first.kind {
            Kind::Post if self.random.chance(500) => Kind::ThreadGate,
            Kind::List => Kind::ListItem,
            _ => Kind::drawn(draw),
        };
        let made = self.new_made(kind, first.user);
        let tid = if kind == Kind::ThreadGate {
            first.tid
        } else {
            made.tid
        };
        self.create(
            Made {
                user: first.user,
                tid,
                ..made
            },
            None,
        );
    }

    /// A commit that deletes something made before, or in a few cases something never seen.
    pub(super) fn deletion(&mut self) -> &'static str {
        let made = match self.random.below(100) {
            0..35 => self.memory.recent(Kind::Like, &mut self.random),
            35..55 => self.memory.recent(Kind::Follow, &mut self.random),
            55..70 => self.memory.recent(Kind::Post, &mut self.random),
            70..80 => self.memory.recent(Kind::Repost, &mut self.random),
            80..85 => self.memory.contested.any(&mut self.random),
            85..98 => {
                let (kind, _) = Kind::SHARES[self.random.below(Kind::COUNT as u32) as usize];
                self.memory.recent(kind, &mut self.random)
            }
            _ => None,
        };
        let made = made.unwrap_or_else(|| self.stranger(Kind::Like));
        self.open_commit(made.user);
        self.write_op(Action::Delete, made, None);
        self.close_commit()
    }

    /// A commit that updates something made before.
    pub(super) fn change(&mut self) -> &'static str {
        let kind = UPDATED[self.random.below(UPDATED.len() as u32) as usize];
        let made = match self.memory.recent(kind, &mut self.random) {
            Some(made) => Made {
                cid: self.random.next(),
                ..made
            },
            None => self.stranger(kind),
        };
        self.open_commit(made.user);
        self.write_op(Action::Update, made, None);
        self.memory.remember(made);
        self.close_commit()
    }

    /// What is left of a commit when the reader dropped all its ops.
    pub(super) fn empty_commit(&mut self) -> &'static str {
        let user = self.user();
        self.open_commit(user);
        self.close_commit()
    }

    fn open_commit(&mut self, user: u32) {
        self.json.open('{');
        self.did_field("repo", user);
        self.json.key("ops");
        self.json.open('[');
    }

    /// The Python reader leaves out `rev`, `time` and `seq`; others give them.
    fn close_commit(&mut self) -> &'static str {
        self.json.close(']');
        let clock = self.random.below(1024);
        let extra = self.random.below(10);
        if self.json.keys == Dialect::Lexicon {
            let now = self.now();
            self.json.key("rev");
            self.json
                .plain_with(|out| names::push_tid(out, names::tid(now, clock)));
            if extra < 8 {
                self.json.key("time");
                self.json
                    .plain_with(|out| names::push_date(out, now, names::DateStyle::Millis));
            }
            if extra < 3 {
                self.json.key("seq");
                self.json.number(SEQ_FIRST + self.given);
            }
        }
        self.json.close('}');
        "commit"
    }

    fn write_op(&mut self, action: Action, made: Made, again: Option<Pair>) {
        self.json.item();
        self.json.open('{');
        self.json.key("action");
        self.json.plain(action.name());
        self.json.key("path");
        self.json.plain_with(|out| push_path(out, &made));
        if action != Action::Delete {
            self.json.key("cid");
            self.json
                .plain_with(|out| names::push_cid(out, names::Codec::Record, made.cid));
            self.json.key("record");
            self.write_known_record(&made, again);
        }
        self.json.close('}');
    }

    /// The record, in the lexicon form where the SDK has no lexicon for it.
    fn write_known_record(&mut self, made: &Made, again: Option<Pair>) {
        let keys = self.json.keys;
        if !made.kind.is_known_to_sdk() {
            self.json.keys = Dialect::Lexicon;
        }
        self.write_record(made, again);
        self.json.keys = keys;
    }

    pub(super) fn did_field(&mut self, key: &str, user: u32) {
        self.json.field(key);
        self.json
            .plain_with(|out| names::push_did(out, self.options.seed, user));
    }

    /// A field that holds a record's uri.
    pub(super) fn uri_field(&mut self, key: &str, made: &Made) {
        self.json.field(key);
        self.uri(made);
    }

    pub(super) fn uri(&mut self, made: &Made) {
        self.json.plain_with(|out| {
            out.push_str("at://");
            names::push_did(out, self.options.seed, made.user);
            out.push('/');
            push_path(out, made);
        });
    }
}

fn push_path(out: &mut String, made: &Made) {
    out.push_str(made.kind.collection());
    out.push('/');
    if made.kind.is_single() {
        out.push_str("self");
    } else {
        names::push_tid(out, made.tid);
    }
}
