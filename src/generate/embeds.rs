//! What posts embed: links, pictures, videos, quotes, and what no lexicon knows.
//!
//! It knows the lexicons of embeds and blobs as the network uses them, and nothing of commits.

use super::Generator;
use super::json::{Dialect, Tag};
use super::kind::Kind;
use super::memory::Made;
use super::names;

const EXTERNAL: &str = "app.bsky.embed.external";

impl Generator {
    pub(super) fn embed(&mut self) {
        let draw = self.random.below(100);
        if draw >= 48 {
            return self.json.unset(&["embed"]);
        }
        self.json.key("embed");
        match draw {
            0..16 => self.external(),
            16..31 => self.images(),
            31..35 => self.video(),
            35..44 => self.quote(),
            44..47 => self.quote_with_media(),
            _ => self.foreign_embed(),
        }
    }

    pub(super) fn external(&mut self) {
        const INNER: &str = "app.bsky.embed.external#external";
        self.json.begin(EXTERNAL, Tag::Both);
        self.json.key("external");
        self.json.begin(INNER, Tag::SdkOnly);
        self.words_field("description", 12);
        self.words_field("title", 8);
        self.json.key("uri");
        self.json
            .plain("https://www.example.com/watch?v=V5lDo-jw8mA");
        self.json.unset(&["associatedRefs"]);
        if self.random.chance(700) {
            self.blob("thumb", "image/jpeg");
        } else {
            self.json.unset(&["thumb"]);
        }
        self.json.end(INNER);
        self.json.end(EXTERNAL);
    }

    fn images(&mut self) {
        const IMAGES: &str = "app.bsky.embed.images";
        const IMAGE: &str = "app.bsky.embed.images#image";
        self.json.begin(IMAGES, Tag::Both);
        self.json.key("images");
        self.json.open('[');
        for _ in 0..=self.random.below(4) {
            self.json.item();
            self.json.begin(IMAGE, Tag::SdkOnly);
            self.words_field("alt", 6);
            self.blob("image", "image/jpeg");
            self.aspect_ratio();
            self.json.end(IMAGE);
        }
        self.json.close(']');
        self.json.end(IMAGES);
    }

    fn aspect_ratio(&mut self) {
        const RATIO: &str = "app.bsky.embed.defs#aspectRatio";
        let (height, width) = (self.random.below(4000), self.random.below(4000));
        self.json.field("aspectRatio");
        self.json.begin(RATIO, Tag::SdkOnly);
        self.json.key("height");
        self.json.number(u64::from(height) + 1);
        self.json.key("width");
        self.json.number(u64::from(width) + 1);
        self.json.end(RATIO);
    }

    fn video(&mut self) {
        const VIDEO: &str = "app.bsky.embed.video";
        self.json.begin(VIDEO, Tag::Both);
        self.blob("video", "video/mp4");
        self.json.unset(&["alt"]);
        self.aspect_ratio();
        self.json.unset(&["captions"]);
        self.json.end(VIDEO);
    }

    /// What is quoted: mostly a post, else a feed or a list.
    fn quoted(&mut self) -> Made {
        match self.random.below(12) {
            0 => self.some(Kind::FeedGenerator),
            1 => self.some(Kind::List),
            _ => self.some_post(),
        }
    }

    fn quote(&mut self) {
        const RECORD: &str = "app.bsky.embed.record";
        let quoted = self.quoted();
        self.json.begin(RECORD, Tag::Both);
        self.strong_ref("record", &quoted);
        self.json.end(RECORD);
    }

    fn quote_with_media(&mut self) {
        const BOTH: &str = "app.bsky.embed.recordWithMedia";
        const RECORD: &str = "app.bsky.embed.record";
        let quoted = self.quoted();
        self.json.begin(BOTH, Tag::Both);
        self.json.key("media");
        self.images();
        self.json.key("record");
        self.json.begin(RECORD, Tag::SdkOnly);
        self.strong_ref("record", &quoted);
        self.json.end(RECORD);
        self.json.end(BOTH);
    }

    /// A member of the union that no lexicon knows: the SDK passes it on as it was written, nulls
    /// and all.
    fn foreign_embed(&mut self) {
        let keys = std::mem::replace(&mut self.json.keys, Dialect::Lexicon);
        let number = self.random.below(1000);
        self.json.begin("com.example.embed.poll", Tag::Both);
        self.json.key("created_at");
        self.json.out.push_str("null");
        self.json.key("options");
        self.json.open('{');
        self.json.key("record_type");
        self.json.plain("poll");
        self.json.key("byteStart");
        self.json.number(u64::from(number));
        self.json.close('}');
        self.json.end("com.example.embed.poll");
        self.json.keys = keys;
    }

    /// A blob: its `ref` takes several forms in the SDK's dialect, one in the lexicon's.
    pub(super) fn blob(&mut self, key: &str, mime: &str) {
        let (cid, form) = (self.random.next(), self.random.below(20));
        let size = self.random.below(2_000_000);
        self.json.field(key);
        self.json.begin("blob", Tag::Both);
        self.json.field("mimeType");
        self.json.plain(mime);
        self.json.key("size");
        self.json.number(u64::from(size));
        self.json.key("ref");
        self.blob_ref(cid, form);
        self.json.end("blob");
    }

    fn blob_ref(&mut self, cid: u64, form: u32) {
        let link = match (self.json.keys, form) {
            (Dialect::Lexicon, _) => "$link",
            (Dialect::Sdk, 0) => "link",
            (Dialect::Sdk, 1) => {
                let push = |out: &mut String| names::push_cid(out, names::Codec::Blob, cid);
                return self.json.plain_with(push);
            }
            (Dialect::Sdk, _) => {
                let push = |out: &mut String| names::push_cid_hex(out, names::Codec::Blob, cid);
                return self.json.plain_with(push);
            }
        };
        self.json.open('{');
        self.json.key(link);
        self.json
            .plain_with(|out| names::push_cid(out, names::Codec::Blob, cid));
        self.json.close('}');
    }
}
