//! Records that point at one thing: likes, follows and their like.
//!
//! It chooses what they point at: mostly what is popular, now and then what is not there yet.

use super::Generator;
use super::json::Tag;
use super::kind::Kind;
use super::memory::{Made, Pair};
use super::names;

impl Generator {
    /// A record from before the stream began.
    pub(super) fn stranger(&mut self, kind: Kind) -> Made {
        let user = self.anyone();
        let age = u64::from(self.random.below(1_000_000_000)) * 1000;
        let clock = self.random.below(1024);
        let cid = self.random.next();
        Made {
            kind,
            user,
            tid: names::tid(names::BASE - age, clock),
            cid,
        }
    }

    /// A post that will be created later, made up if there is none.
    pub(super) fn promised_post(&mut self) -> Option<Made> {
        Some(self.promised(Kind::Post))
    }

    fn promised(&mut self, kind: Kind) -> Made {
        let new = self.random.chance(500);
        match self.memory.promised(kind) {
            Some(made) if !new => made,
            _ => {
                let user = self.user();
                let made = self.new_made(kind, user);
                self.memory.plan(made);
                made
            }
        }
    }

    /// A post to like, repost, answer or quote.
    pub(super) fn some_post(&mut self) -> Made {
        match self.random.below(1000) {
            0..6 => self.promised(Kind::Post),
            6..36 => self.stranger(Kind::Post),
            _ => match self.memory.posts.popular(&mut self.random) {
                Some(post) => post,
                None => self.stranger(Kind::Post),
            },
        }
    }

    /// One of the recent records of that kind, or one never seen.
    pub(super) fn some(&mut self, kind: Kind) -> Made {
        match self.memory.recent(kind, &mut self.random) {
            Some(made) => made,
            None => self.stranger(kind),
        }
    }

    /// Something to like: a post but for a few.
    fn liked(&mut self) -> Made {
        match self.random.below(1000) {
            0..12 => self.some(Kind::FeedGenerator),
            12..14 => self.promised(Kind::FeedGenerator),
            14..20 => self.some(Kind::Labeler),
            20..22 => self.promised(Kind::Labeler),
            22..24 => self.some(Kind::List),
            _ => self.some_post(),
        }
    }

    fn pair(&mut self, kind: Kind, user: u32) -> Pair {
        let target = match kind {
            Kind::Like => self.liked(),
            Kind::ListItem | Kind::ListBlock => self.some(Kind::List),
            Kind::Repost | Kind::Bookmark => self.some_post(),
            _ => Made {
                kind: Kind::Profile,
                user: self.anyone(),
                tid: 0,
                cid: 0,
            },
        };
        Pair {
            kind,
            user,
            target,
            subject: self.anyone(),
        }
    }

    /// A pair that was not made lately, as far as a few tries find one.
    fn new_pair(&mut self, kind: Kind, user: u32) -> Pair {
        let mut pair = self.pair(kind, user);
        for _ in 0..4 {
            if !self.memory.was_seen(&pair) {
                break;
            }
            pair = self.pair(kind, user);
        }
        if self.random.chance(100) || kind != Kind::Like {
            self.memory.remember_pair(pair);
        }
        pair
    }

    /// Writes a record with a second unique key, and remembers the pair.
    pub(super) fn pair_record(&mut self, made: &Made, again: Option<Pair>) {
        let pair = match again {
            Some(pair) => pair,
            None => self.new_pair(made.kind, made.user),
        };
        match made.kind {
            Kind::Like | Kind::Repost => self.subject_record(made.kind, &pair),
            Kind::Bookmark => self.bookmark(&pair),
            Kind::Follow | Kind::Block => self.follow(made.kind, &pair),
            Kind::ListItem => self.list_item(&pair),
            Kind::ListBlock => self.list_block(&pair),
            _ => self.verification(&pair),
        }
    }

    /// `{cid, uri}` of a record.
    pub(super) fn strong_ref(&mut self, key: &str, made: &Made) {
        const TYPE: &str = "com.atproto.repo.strongRef";
        self.json.field(key);
        self.json.begin(TYPE, Tag::SdkOnly);
        self.json.key("cid");
        self.json
            .plain_with(|out| names::push_cid(out, names::Codec::Record, made.cid));
        self.uri_field("uri", made);
        self.json.end(TYPE);
    }

    fn via(&mut self) {
        if self.random.chance(150) {
            let via = self.stranger(Kind::Repost);
            self.strong_ref("via", &via);
        } else {
            self.json.unset(&["via"]);
        }
    }

    fn subject_record(&mut self, kind: Kind, pair: &Pair) {
        self.json.begin(kind.collection(), Tag::Both);
        self.created_at();
        self.strong_ref("subject", &pair.target);
        self.via();
        self.json.end_record(kind.collection());
    }

    fn bookmark(&mut self, pair: &Pair) {
        self.json.begin(Kind::Bookmark.collection(), Tag::Both);
        self.created_at();
        self.strong_ref("subject", &pair.target);
        self.json.end_record(Kind::Bookmark.collection());
    }

    fn follow(&mut self, kind: Kind, pair: &Pair) {
        self.json.begin(kind.collection(), Tag::Both);
        self.created_at();
        self.did_field("subject", pair.target.user);
        if kind == Kind::Follow {
            self.via();
        }
        self.json.end_record(kind.collection());
    }

    fn list_item(&mut self, pair: &Pair) {
        self.json.begin(Kind::ListItem.collection(), Tag::Both);
        self.created_at();
        self.uri_field("list", &pair.target);
        self.did_field("subject", pair.subject);
        self.json.end_record(Kind::ListItem.collection());
    }

    fn list_block(&mut self, pair: &Pair) {
        self.json.begin(Kind::ListBlock.collection(), Tag::Both);
        self.created_at();
        self.uri_field("subject", &pair.target);
        self.json.end_record(Kind::ListBlock.collection());
    }

    fn verification(&mut self, pair: &Pair) {
        let name = self.random.below(1000);
        self.json.begin(Kind::Verification.collection(), Tag::Both);
        self.created_at();
        self.json.field("displayName");
        self.json.text(&format!("Verified № {name}"));
        self.json.key("handle");
        self.json
            .plain(&format!("user{}.bsky.social", pair.target.user));
        self.did_field("subject", pair.target.user);
        self.json.end_record(Kind::Verification.collection());
    }
}
