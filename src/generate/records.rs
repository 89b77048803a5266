//! All other records: profiles, lists, feeds, gates, labels and what has no table of its own.
//!
//! It knows their lexicons as the network uses them, and nothing of commits.

use super::Generator;
use super::json::Tag;
use super::kind::Kind;
use super::memory::{Made, Pair};
use super::names::{self, DateStyle};

impl Generator {
    pub(super) fn write_record(&mut self, made: &Made, again: Option<Pair>) {
        match made.kind {
            kind if kind.is_pair() => self.pair_record(made, again),
            Kind::Post => self.post(),
            kind => {
                self.json.begin(kind.collection(), Tag::Both);
                self.fields(made);
                self.json.end_record(kind.collection());
            }
        }
    }

    fn fields(&mut self, made: &Made) {
        match made.kind {
            Kind::Profile => self.profile(),
            Kind::List => self.list(),
            Kind::FeedGenerator => self.feed_generator(),
            Kind::StarterPack => self.starter_pack(),
            Kind::Labeler => self.labeler(),
            Kind::ThreadGate => self.thread_gate(made),
            Kind::PostGate => self.post_gate(made),
            Kind::Label => self.label(made),
            Kind::Status => self.status(),
            Kind::NotificationDeclaration => self.choice("allowSubscriptions"),
            Kind::ChatDeclaration => self.choice("allowIncoming"),
            Kind::Play => self.play(),
            Kind::Document => self.document(),
            _ => self.germ(),
        }
    }

    /// A moment shortly before now, in one of the styles met.
    fn push_moment(&mut self) {
        let lag = u64::from(self.random.below(4000)) * 1000;
        let style = match self.random.below(100) {
            0 => DateStyle::Seconds,
            1..5 => DateStyle::Micros,
            5..7 => DateStyle::ZeroOffset,
            7 => DateStyle::East,
            _ => DateStyle::Millis,
        };
        let micros = self.now() - lag + u64::from(self.random.below(1_000_000));
        self.json
            .plain_with(|out| names::push_date(out, micros, style));
    }

    pub(super) fn created_at(&mut self) {
        self.json.field("createdAt");
        self.push_moment();
    }

    fn profile(&mut self) {
        if self.random.chance(900) {
            self.created_at();
        } else {
            self.json.unset(&["createdAt"]);
        }
        self.some_blob("avatar", 700);
        self.some_blob("banner", 300);
        self.some_words("description", 800, 20);
        self.some_words("displayName", 900, 3);
        self.json.unset(&["joinedViaStarterPack"]);
        self.self_labels();
        match self.memory.recent(Kind::Post, &mut self.random) {
            Some(post) if post.cid % 8 == 0 => self.strong_ref("pinnedPost", &post),
            _ => self.json.unset(&["pinnedPost"]),
        }
    }

    fn some_blob(&mut self, key: &str, per_mille: u32) {
        if self.random.chance(per_mille) {
            self.blob(key, "image/jpeg");
        } else {
            self.json.unset(&[key]);
        }
    }

    fn some_words(&mut self, key: &str, per_mille: u32, most: u32) {
        if self.random.chance(per_mille) {
            self.words_field(key, most);
        } else {
            self.json.unset(&[key]);
        }
    }

    fn list(&mut self) {
        const PURPOSES: [&str; 3] = [
            "app.bsky.graph.defs#modlist",
            "app.bsky.graph.defs#curatelist",
            "app.bsky.graph.defs#referencelist",
        ];
        let purpose = self.random.one_of(&PURPOSES);
        self.created_at();
        self.words_field("name", 4);
        self.json.key("purpose");
        self.json.plain(purpose);
        self.some_blob("avatar", 300);
        self.some_words("description", 600, 12);
        self.json.unset(&["descriptionFacets"]);
        self.self_labels();
    }

    fn feed_generator(&mut self) {
        let service = self.random.below(20);
        self.created_at();
        self.json.key("did");
        self.json
            .plain(&format!("did:web:feed{service}.example.com"));
        self.words_field("displayName", 3);
        self.json.unset(&["acceptsInteractions"]);
        self.some_blob("avatar", 500);
        self.json.unset(&["contentMode"]);
        self.some_words("description", 700, 10);
        self.json.unset(&["descriptionFacets", "labels"]);
    }

    fn starter_pack(&mut self) {
        const FEED: &str = "app.bsky.graph.starterpack#feedItem";
        let list = self.some(Kind::List);
        self.created_at();
        self.uri_field("list", &list);
        self.words_field("name", 4);
        self.some_words("description", 500, 10);
        self.json.unset(&["descriptionFacets"]);
        if self.random.chance(400) {
            return self.json.unset(&["feeds"]);
        }
        self.json.key("feeds");
        self.json.open('[');
        for _ in 0..self.random.below(4) {
            let feed = self.some(Kind::FeedGenerator);
            self.json.item();
            self.json.begin(FEED, Tag::SdkOnly);
            self.uri_field("uri", &feed);
            self.json.end(FEED);
        }
        self.json.close(']');
    }

    fn labeler(&mut self) {
        const POLICIES: &str = "app.bsky.labeler.defs#labelerPolicies";
        self.created_at();
        if !self.random.chance(850) {
            return self.json.unset(&["policies"]);
        }
        self.json.key("policies");
        self.json.begin(POLICIES, Tag::SdkOnly);
        self.json.field("labelValues");
        self.json.open('[');
        for val in ["spam", "rude", "!warn"] {
            if self.random.chance(600) {
                self.json.item();
                self.json.plain(val);
            }
        }
        self.json.close(']');
        self.json.unset(&["labelValueDefinitions"]);
        self.json.end(POLICIES);
        self.json.unset(&[
            "labels",
            "reasonTypes",
            "subjectCollections",
            "subjectTypes",
        ]);
    }

    fn thread_gate(&mut self, made: &Made) {
        self.created_at();
        self.uri_field(
            "post",
            &Made {
                kind: Kind::Post,
                ..*made
            },
        );
        if self.random.chance(150) {
            self.json.unset(&["allow"]);
        } else {
            self.json.key("allow");
            self.json.open('[');
            self.rules();
            self.json.close(']');
        }
        if self.random.chance(100) {
            let hidden = self.some_post();
            self.json.field("hiddenReplies");
            self.json.open('[');
            self.json.item();
            self.uri(&hidden);
            self.json.close(']');
        } else {
            self.json.unset(&["hiddenReplies"]);
        }
    }

    fn rules(&mut self) {
        for (name, per_mille) in [("mention", 400), ("following", 400), ("follower", 150)] {
            if self.random.chance(per_mille) {
                let of = format!("app.bsky.feed.threadgate#{name}Rule");
                self.json.item();
                self.json.begin(&of, Tag::Both);
                self.json.end(&of);
            }
        }
        for _ in 0..self.random.below(3) {
            const LIST: &str = "app.bsky.feed.threadgate#listRule";
            let list = self.some(Kind::List);
            self.json.item();
            self.json.begin(LIST, Tag::Both);
            self.uri_field("list", &list);
            self.json.end(LIST);
        }
    }

    fn post_gate(&mut self, made: &Made) {
        const RULE: &str = "app.bsky.feed.postgate#disableRule";
        self.created_at();
        self.uri_field(
            "post",
            &Made {
                kind: Kind::Post,
                ..*made
            },
        );
        if self.random.chance(300) {
            let detached = self.some_post();
            self.json.field("detachedEmbeddingUris");
            self.json.open('[');
            self.json.item();
            self.uri(&detached);
            self.json.close(']');
        } else {
            self.json.unset(&["detachedEmbeddingUris"]);
        }
        if self.random.chance(200) {
            return self.json.unset(&["embeddingRules"]);
        }
        self.json.field("embeddingRules");
        self.json.open('[');
        if self.random.chance(900) {
            self.json.item();
            self.json.begin(RULE, Tag::Both);
            self.json.end(RULE);
        }
        self.json.close(']');
    }

    fn label(&mut self, made: &Made) {
        let of_post = self.random.chance(700);
        let old_name = self.random.chance(300);
        let val = self.random.one_of(&["spam", "rude", "porn", "!hide"]);
        self.json.key(if old_name { "cts" } else { "createdAt" });
        self.push_moment();
        self.did_field("src", made.user);
        if of_post {
            let post = self.some_post();
            self.uri_field("uri", &post);
        } else {
            let user = self.anyone();
            self.did_field("did", user);
        }
        self.json.key("val");
        self.json.plain(val);
        if self.random.chance(200) {
            let negated = self.random.chance(800);
            self.json.key("neg");
            self.json.truth(negated);
        }
    }

    fn status(&mut self) {
        let minutes = self.random.below(240);
        self.created_at();
        self.json.key("status");
        self.json.plain("app.bsky.actor.status#live");
        self.json.field("durationMinutes");
        self.json.number(u64::from(minutes));
        if self.random.chance(700) {
            self.json.key("embed");
            self.external();
        } else {
            self.json.unset(&["embed"]);
        }
    }

    fn choice(&mut self, field: &str) {
        let choice = self
            .random
            .one_of(&["all", "following", "followers", "mutuals", "none"]);
        self.json.field(field);
        self.json.plain(choice);
    }

    /// A lexicon that no SDK has; its nulls and numbers are kept as they were written.
    fn play(&mut self) {
        const NUMBERS: [&str; 5] = ["216", "216.50", "1e2", "-0.0", "9007199254740993"];
        let number = self.random.one_of(&NUMBERS);
        self.words_field("trackName", 5);
        self.json.key("artists");
        self.json.open('[');
        self.json.item();
        self.json.open('{');
        self.words_field("artistName", 2);
        self.json.close('}');
        self.json.close(']');
        self.json.key("duration");
        self.json.out.push_str(number);
        self.json.key("isrc");
        self.json.out.push_str("null");
        self.json.key("playedTime");
        self.push_moment();
        if self.random.chance(500) {
            self.json.key("createdAt");
            self.push_moment();
        }
    }

    fn document(&mut self) {
        let number = self.random.below(100_000);
        self.json.field("publishedAt");
        self.push_moment();
        self.json.key("site");
        self.json.plain("https://leaflet.example.com");
        self.words_field("title", 6);
        match self.memory.recent(Kind::Post, &mut self.random) {
            Some(post) if post.cid % 2 == 0 => self.strong_ref("bskyPostRef", &post),
            _ => self.json.unset(&["bskyPostRef"]),
        }
        self.some_blob("coverImage", 400);
        self.some_words("description", 500, 8);
        self.json.key("path");
        self.json.plain(&format!("/{number}"));
        self.json.unset(&["tags"]);
        self.some_words("textContent", 800, 60);
        self.json.unset(&["updatedAt"]);
    }

    /// Binary fields stay hex in the SDK's dialect, and keys that only look like fields stay too.
    fn germ(&mut self) {
        const MESSAGE_ME: &str = "com.germnetwork.declaration#messageMe";
        let draw = self.random.below(1000);
        self.json.field("currentKey");
        self.json.plain(&format!("0155{draw:08x}"));
        self.json.key("version");
        self.json.plain("1.1.0");
        self.json.field("messageMe");
        self.json.begin(MESSAGE_ME, Tag::SdkOnly);
        self.json.field("messageMeUrl");
        self.json.plain("https://landing.example.com/newUser");
        self.json.field("showButtonTo");
        self.json.plain("usersIFollow");
        self.json.end(MESSAGE_ME);
        self.json.key("signing_key");
        self.json.plain(&format!("z{draw}"));
        self.json.unset(&["continuityProofs", "keyPackage"]);
    }
}
