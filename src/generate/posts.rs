//! Posts: their text, what is marked up in it and what they answer.
//!
//! It knows the lexicon of posts as the network uses it, and nothing of commits.

use super::Generator;
use super::json::Tag;
use super::kind::Kind;

const WORDS: [&str; 40] = [
    "the",
    "a",
    "of",
    "and",
    "to",
    "river",
    "dam",
    "water",
    "this",
    "morning",
    "again",
    "never",
    "people",
    "work",
    "\"quoted\"",
    "café",
    "naïve",
    "Straße",
    "día",
    "être",
    "привет",
    "мир",
    "待って",
    "天幕",
    "ジャードゥーガル",
    "이쁘시네용",
    "سلام",
    "שלום",
    "💦",
    "🔥",
    "👩🏽‍🚀",
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "…",
    "—",
    "lol",
    "www.example.com",
    "100%",
    "<b>bold</b>",
];
const LANGS: [&str; 8] = ["en", "ja", "pt", "de", "ko", "en-US", "es", "ru"];
const TAGS: [&str; 6] = ["art", "news", "IndieRebellion", "写真", "furry", "gamedev"];
const FACET: &str = "app.bsky.richtext.facet";

/// A stretch of the text that is marked up: its first and last byte, and how.
struct Mark {
    start: usize,
    end: usize,
    feature: Feature,
}

enum Feature {
    Link,
    Tag(&'static str),
    Mention(u32),
}

impl Generator {
    /// Words in `scratch`, at most `most` of them.
    pub(super) fn words(&mut self, most: u32) {
        self.scratch.clear();
        for i in 0..=self.random.below(most) {
            if i > 0 {
                self.scratch.push(' ');
            }
            let word = self.random.one_of(&WORDS);
            self.scratch.push_str(word);
        }
    }

    pub(super) fn words_field(&mut self, key: &str, most: u32) {
        self.words(most);
        self.json.field(key);
        self.json.text(&self.scratch);
    }

    pub(super) fn post(&mut self) {
        self.words(24);
        let marks = self.marks();
        self.json.begin(Kind::Post.collection(), Tag::Both);
        self.created_at();
        self.json.key("text");
        self.json.text(&self.scratch);
        self.embed();
        self.json.unset(&["entities"]);
        self.facets(&marks);
        self.self_labels();
        self.langs();
        self.reply();
        self.tags();
        self.json.end_record(Kind::Post.collection());
    }

    /// Appends what is marked up to the text.
    fn marks(&mut self) -> Vec<Mark> {
        let mut marks = Vec::new();
        if !self.random.chance(300) {
            return marks;
        }
        for _ in 0..=self.random.below(3) {
            self.scratch.push(' ');
            let start = self.scratch.len();
            let feature = self.feature();
            marks.push(Mark {
                start,
                end: self.scratch.len(),
                feature,
            });
        }
        marks
    }

    fn feature(&mut self) -> Feature {
        match self.random.below(3) {
            0 => {
                self.scratch.push_str("www.example.com/…");
                Feature::Link
            }
            1 => {
                let tag = self.random.one_of(&TAGS);
                self.scratch.push('#');
                self.scratch.push_str(tag);
                Feature::Tag(tag)
            }
            _ => {
                self.scratch.push_str("@someone");
                Feature::Mention(self.anyone())
            }
        }
    }

    fn facets(&mut self, marks: &[Mark]) {
        if marks.is_empty() {
            return self.json.unset(&["facets"]);
        }
        self.json.key("facets");
        self.json.open('[');
        for mark in marks {
            self.json.item();
            self.facet(mark);
        }
        self.json.close(']');
    }

    fn facet(&mut self, mark: &Mark) {
        const SLICE: &str = "app.bsky.richtext.facet#byteSlice";
        self.json.begin(FACET, Tag::SdkOnly);
        self.json.key("features");
        self.json.open('[');
        self.json.item();
        self.write_feature(&mark.feature);
        self.json.close(']');
        self.json.key("index");
        self.json.begin(SLICE, Tag::SdkOnly);
        self.json.field("byteEnd");
        self.json.number(mark.end as u64);
        self.json.field("byteStart");
        self.json.number(mark.start as u64);
        self.json.end(SLICE);
        self.json.end(FACET);
    }

    fn write_feature(&mut self, feature: &Feature) {
        let of = match feature {
            Feature::Link => "app.bsky.richtext.facet#link",
            Feature::Tag(_) => "app.bsky.richtext.facet#tag",
            Feature::Mention(_) => "app.bsky.richtext.facet#mention",
        };
        self.json.begin(of, Tag::Both);
        match feature {
            Feature::Link => {
                self.json.key("uri");
                self.json
                    .plain("https://www.example.com/a/long/path?with=query");
            }
            Feature::Tag(tag) => {
                self.json.key("tag");
                self.json.text(tag);
            }
            Feature::Mention(user) => self.did_field("did", *user),
        }
        self.json.end(of);
    }

    fn langs(&mut self) {
        if self.random.chance(120) {
            return self.json.unset(&["langs"]);
        }
        self.json.key("langs");
        self.json.open('[');
        for _ in 0..=u32::from(self.random.chance(100)) {
            let lang = self.random.one_of(&LANGS);
            self.json.item();
            self.json.plain(lang);
        }
        self.json.close(']');
    }

    fn tags(&mut self) {
        if !self.random.chance(30) {
            return self.json.unset(&["tags"]);
        }
        let tag = self.random.one_of(&TAGS);
        self.json.key("tags");
        self.json.open('[');
        self.json.item();
        self.json.text(tag);
        self.json.close(']');
    }

    pub(super) fn self_labels(&mut self) {
        const LABELS: &str = "com.atproto.label.defs#selfLabels";
        const LABEL: &str = "com.atproto.label.defs#selfLabel";
        if !self.random.chance(40) {
            return self.json.unset(&["labels"]);
        }
        let val = self
            .random
            .one_of(&["porn", "sexual", "!no-unauthenticated"]);
        self.json.key("labels");
        self.json.begin(LABELS, Tag::Both);
        self.json.key("values");
        self.json.open('[');
        self.json.item();
        self.json.begin(LABEL, Tag::SdkOnly);
        self.json.key("val");
        self.json.plain(val);
        self.json.end(LABEL);
        self.json.close(']');
        self.json.end(LABELS);
    }

    fn reply(&mut self) {
        const REPLY: &str = "app.bsky.feed.post#replyRef";
        if !self.random.chance(330) {
            return self.json.unset(&["reply"]);
        }
        let root = self.some_post();
        let parent = if self.random.chance(600) {
            root
        } else {
            self.some_post()
        };
        self.json.key("reply");
        self.json.begin(REPLY, Tag::SdkOnly);
        self.strong_ref("parent", &parent);
        self.strong_ref("root", &root);
        self.json.end(REPLY);
    }
}
