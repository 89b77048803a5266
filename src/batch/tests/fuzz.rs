//! Bytes that no one would write: nothing panics, and what comes out is always a COPY stream that
//! PostgreSQL can read.

use super::order::Random;
use super::*;

/// A well-formed op of each kind, to be damaged.
fn seeds() -> Vec<String> {
    let strong = format!(r#""subject":{{"uri":"{POST}","cid":"c"}},"via":{{"uri":"{POST}"}}"#);
    let list = r#""list":"at://did:plc:l/a.b.c/d""#;
    let did = r#""subject":"did:plc:x""#;
    let sdk = format!(
        r#"{{"py_type":"app.bsky.feed.post","$type":"app.bsky.feed.post","created_at":"{DATE}","text":"h\u00e4 \ud83d\ude04 \n","reply":{{"parent":{{"uri":"{POST}","cid":"c"}},"root":null}},"langs":null,"facets":[{{"index":{{"byte_end":31}}}}],"embed":{{"py_type":"app.bsky.embed.images","images":[{{"image":{{"mime_type":"x","ref":"0155122012fbae18fa56950c6109936c1ee20188e2720edf96dd22b9b7c6c9e05e2bcad1"}}}}]}}}}"#
    );
    let quote = format!(
        r#""text":"t","tags":[1.5e3],"embed":{{"$type":"app.bsky.embed.record","record":{{"uri":"{POST}","cid":"q"}}}}"#
    );
    vec![
        put("app.bsky.feed.like", "a", &strong),
        put("app.bsky.feed.repost", "b", &strong),
        put("app.bsky.bookmark", "c", &strong),
        put("app.bsky.graph.follow", "d", did),
        put("app.bsky.graph.listitem", "e", &format!("{list},{did}")),
        put(
            "app.bsky.graph.listblock",
            "f",
            r#""subject":"at://did:plc:l/a.b.c/d""#,
        ),
        put(
            "app.bsky.graph.verification",
            "g",
            &format!(r#"{did},"handle":"h""#),
        ),
        put("app.bsky.feed.post", "h", &quote),
        create("app.bsky.feed.post/i", &sdk),
        put(
            "app.bsky.actor.profile",
            "self",
            r#""displayName":"n","avatar":{"mimeType":"x","ref":{"$link":"y"}},"pinnedPost":{}"#,
        ),
        put("app.bsky.graph.list", "j", r#""name":"n","purpose":"p""#),
        put(
            "app.bsky.graph.starterpack",
            "k",
            &format!(r#""name":"n",{list},"feeds":[{{"uri":"u"}},5]"#),
        ),
        put(
            "app.bsky.feed.generator",
            "l",
            r#""did":"did:web:x","displayName":"n""#,
        ),
        put(
            "app.bsky.labeler.service",
            "self",
            r#""policies":{"labelValues":[]}"#,
        ),
        put(
            "com.atproto.label.label",
            "m",
            r#""uri":"did:plc:x","val":"v","neg":false"#,
        ),
        put(
            "app.bsky.feed.threadgate",
            "n",
            r##""allow":[{"$type":"app.bsky.feed.threadgate#listRule","list":"l"}]"##,
        ),
        put(
            "app.bsky.feed.postgate",
            "o",
            r#""embeddingRules":[{"$type":"x"}],"detachedEmbeddingUris":["u"]"#,
        ),
        put("a.b.c", "p", r#""x":[{"y":null}]"#),
        delete("app.bsky.feed.post/h"),
    ]
}

const PIECES: [&str; 22] = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "\\u0000", "\\ud800", "1e999999",
    "-", "py_type", "$type", "\0", "\u{fffd}", "did:", "at://", "{\"a\":[", "]}",
];

fn damage(data: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(data.len().max(1)).min(data.len());
    let to = (at + random.below(40)).min(data.len());
    match random.below(6) {
        0 => data.truncate(at),
        1 => drop(data.drain(at..to)),
        2 => data
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte = u8::try_from(random.below(256)).expect("a byte")),
        3 => drop(data.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
        4 => drop(data.splice(at..to, PIECES[random.below(PIECES.len())].bytes())),
        _ => {
            let copied = data[at..to].to_vec();
            drop(data.splice(at..at, copied));
        }
    }
}

/// Every cell is what its column's type allows.
fn check(batch: &mut Batch) {
    for copy in batch.copies(&Straight::default()) {
        let rows = read_copy(
            &copy.chunks().collect::<Vec<_>>().concat(),
            copy.stage.width(),
        );
        assert!(!rows.is_empty());
        for row in rows {
            check_row(copy.stage, &row);
        }
    }
}

fn check_row(stage: Stage, row: &Row) {
    let (jsonb, other): (&[usize], &[usize]) = match stage {
        Stage::Likes => (&[4], &[5, 6, 7, 8]),
        Stage::Pairs => (&[6], &[8, 9, 10, 11]),
        Stage::Posts => (&[4, 9, 10, 11], &[14, 15, 16, 17]),
        Stage::Records => (&[13, 14], &[10, 11, 12, 15, 16, 17]),
        Stage::Deletes => (&[], &[2, 3]),
    };
    for (index, cell) in row.iter().enumerate() {
        let Some(cell) = cell else { continue };
        if jsonb.contains(&index) {
            let value: Result<serde_json::Value, _> = serde_json::from_slice(&cell[1..]);
            assert!(
                cell[0] == 1 && value.is_ok(),
                "{}",
                String::from_utf8_lossy(cell)
            );
            assert!(!cell.windows(6).any(|six| six == b"\\u0000"));
        } else if other.contains(&index) {
            assert!(matches!(cell.len(), 1 | 8));
        } else {
            assert!(std::str::from_utf8(cell).is_ok_and(|text| !text.contains('\0')));
        }
    }
}

#[test]
fn nothing_panics_and_every_stream_is_sound() {
    let mut random = Random(0x000f_0be5);
    let seeds = seeds();
    let mut all = batch();
    let (mut stored, mut refused) = (0, 0);
    for round in 0..30_000_u64 {
        let ops: Vec<_> = (0..=random.below(3))
            .map(|_| seeds[random.below(seeds.len())].clone())
            .collect();
        let mut entry = commit(5 + round % 50, &ops.join(","));
        let data = entry.data.as_mut().expect("data");
        (0..random.below(4)).for_each(|_| damage(data, &mut random));
        let _ = partition::hint(b"commit", entry.data.as_deref().unwrap_or_default());
        all.push(&entry);
        let count = uris_of_ops(&entry).len();
        if count > 0 {
            let mut one = batch();
            one.push_ops(&entry, &[random.below(count + 1)]);
            check(&mut one);
        }
        if round % 100 == 99 {
            check(&mut all);
            stored += all.rows();
            refused += all.dead().len();
            all.clear();
        }
    }
    assert!(
        stored > 5_000 && refused > 5_000,
        "{stored} stored, {refused} refused"
    );
}

#[test]
fn identities_and_accounts_do_not_panic_either() {
    let mut random = Random(77);
    let mut all = batch();
    for round in 0..5_000_u64 {
        let kind = if round % 2 == 0 {
            "identity"
        } else {
            "account"
        };
        let mut entry = entry(
            round,
            kind,
            &format!(r#"{{"did":"{DID}","handle":"a.b","active":true,"status":"x"}}"#),
        );
        let data = entry.data.as_mut().expect("data");
        (0..random.below(4)).for_each(|_| damage(data, &mut random));
        let _ = partition::hint(kind.as_bytes(), entry.data.as_deref().unwrap_or_default());
        all.push(&entry);
    }
    check(&mut all);
}
