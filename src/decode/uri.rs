//! The identifiers of the AT Protocol: DIDs, paths in a repository and at-uris.
//!
//! Pure checks of syntax. It knows nothing of whether what an identifier names exists. Every text
//! that it accepts is ASCII, so that its length in bytes is its length in characters.
//!
//! Texts are cut at bytes, not at characters: these run several times for each event, and the standard
//! library's search for a character calls `memcmp` on every hit.

/// Whether `text` is a DID (atproto.com/specs/did: `did:method:identifier`, at most 2048 bytes).
#[must_use]
pub fn is_did(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("did:") else {
        return false;
    };
    let Some((method, identifier)) = cut(rest, b':') else {
        return false;
    };
    let method_ok = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_lowercase());
    let end_ok = !identifier.is_empty() && !identifier.ends_with([':', '%']);
    method_ok && end_ok && text.len() <= 2048 && consists_of(identifier, in_did)
}

/// What stands before and behind the first `byte`, which is ASCII.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether all bytes are of a kind. Looked at without stopping at the first that is not, so that
/// the compiler takes many at once; nearly all texts are good ones.
fn consists_of(text: &str, kind: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |all, byte| all & kind(byte))
}

fn in_did(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'_' | b':' | b'%' | b'-')
}

/// Splits an op's path, `collection/rkey`; `None` if either part is not what the protocol allows
/// (atproto.com/specs/nsid and /record-key).
#[must_use]
pub fn split_path(path: &str) -> Option<(&str, &str)> {
    let (collection, rkey) = cut(path, b'/')?;
    (is_nsid(collection) && is_rkey(rkey)).then_some((collection, rkey))
}

fn is_nsid(text: &str) -> bool {
    const DOTS_LEAST: usize = 2;
    text.len() <= 317 && labels(text).is_some_and(|dots| dots >= DOTS_LEAST)
}

/// The dots of labels of letters, digits and hyphens with a dot between each two; `None` if the text
/// is not such.
fn labels(text: &str) -> Option<usize> {
    let (mut dots, mut all, mut last) = (0, true, b'.');
    for byte in text.bytes() {
        let is_dot = byte == b'.';
        all &= byte.is_ascii_alphanumeric() | (byte == b'-') | (is_dot & (last != b'.'));
        dots += usize::from(is_dot);
        last = byte;
    }
    (all && last != b'.').then_some(dots)
}

fn is_rkey(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'_' | b':' | b'~' | b'-');
    !matches!(text, "" | "." | "..") && text.len() <= 512 && consists_of(text, allowed)
}

/// Whether `text` is an at-uri (atproto.com/specs/at-uri-scheme): an authority that is a DID or
/// handle, then perhaps a collection and a record key. What the parts contain is not looked at
/// beyond the characters that a uri can have: a uri that only names something is kept as written.
#[must_use]
pub fn is_at_uri(text: &str) -> bool {
    let Some((authority, path)) = parts(text) else {
        return false;
    };
    let authority_ok = if authority.starts_with("did:") {
        is_did(authority)
    } else {
        is_handle(authority)
    };
    authority_ok && text.len() <= 8192 && path.is_none_or(is_uri_path)
}

/// The authority of an at-uri, and what follows it behind a slash.
fn parts(uri: &str) -> Option<(&str, Option<&str>)> {
    let rest = uri.strip_prefix("at://")?;
    Some(cut(rest, b'/').map_or((rest, None), |(authority, path)| (authority, Some(path))))
}

/// Whose repository an at-uri names, a DID or a handle.
#[must_use]
pub fn authority(uri: &str) -> Option<&str> {
    parts(uri).map(|(authority, _)| authority)
}

/// At least two labels with a dot between them.
fn is_handle(text: &str) -> bool {
    labels(text).is_some_and(|dots| dots > 0)
}

fn is_uri_path(path: &str) -> bool {
    !path.is_empty() && consists_of(path, |byte| byte.is_ascii_graphic())
}

/// Whose post an at-uri names, a DID or a handle; `None` if its collection is not that of posts.
#[must_use]
pub fn author_of_post(uri: &str) -> Option<&str> {
    const POST: &str = "app.bsky.feed.post";
    let (author, path) = parts(uri)?;
    let rest = path?.strip_prefix(POST)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_dids() {
        for did in [
            "did:plc:z72i7hdynmk6r22z27h6tvur",
            "did:web:example.com",
            "did:web:localhost%3A3000",
            "did:m:a",
        ] {
            assert!(is_did(did), "{did}");
        }
        let long = format!("did:plc:{}", "a".repeat(2048));
        for text in [
            "",
            "did",
            "did:",
            "did:plc",
            "did:plc:",
            "DID:plc:a",
            "did:PLC:a",
            "did:plc:a:",
            "did:plc:a b",
            "did:plc:ä",
            "did:plc:a/b",
            "did:plc:a\0",
            &long,
        ] {
            assert!(!is_did(text), "{text}");
        }
    }

    #[test]
    fn splits_paths() {
        assert_eq!(
            split_path("app.bsky.feed.like/3k"),
            Some(("app.bsky.feed.like", "3k"))
        );
        assert!(split_path("app.bsky.feed.post/a:b~c_d-e.f").is_some());
        for path in [
            "",
            "/",
            "a.b.c",
            "a.b.c/",
            "/x",
            "a.b/x",
            "a..b/x",
            "a.b.c/x/y",
            "a.b.c/..",
            "a.b.c/ö",
            "a.b.c/x y",
            "a.b.c/\0",
        ] {
            assert_eq!(split_path(path), None, "{path}");
        }
    }

    #[test]
    fn knows_at_uris() {
        for uri in [
            "at://did:plc:a",
            "at://did:plc:a/app.bsky.feed.post/3k",
            "at://example.com/app.bsky.feed.post",
            "at://did:web:a.b/x",
        ] {
            assert!(is_at_uri(uri), "{uri}");
        }
        for text in [
            "",
            "at://",
            "at:///x",
            "https://a.b",
            "at://did:plc/x",
            "at://host/x",
            "at://did:plc:a/",
            "at://did:plc:a/x y",
            "at://did:plc:a/\0",
            "at://did:plc:a/ü",
        ] {
            assert!(!is_at_uri(text), "{text}");
        }
    }

    #[test]
    fn only_posts_have_an_author_to_tell() {
        for (uri, author) in [
            ("at://did:plc:a/app.bsky.feed.post/1", Some("did:plc:a")),
            ("at://did:plc:a/app.bsky.feed.post", Some("did:plc:a")),
            ("at://a.example/app.bsky.feed.post/1", Some("a.example")),
            ("at://did:plc:a/app.bsky.feed.postgate/1", None),
            ("at://did:plc:a/app.bsky.feed.generator/1", None),
            ("at://did:plc:a", None),
        ] {
            assert_eq!(author_of_post(uri), author, "{uri}");
        }
    }
}
