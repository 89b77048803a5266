//! The 64 partitions into which repositories fall, for the lanes and for the locks of a flush.
//!
//! A pure function of the DID: it knows neither how many lanes there are nor who holds which lock.
//! Every process, of every version, must put one DID into the same partition, because two
//! transactions that hold one repository at once can bring a deleted row back.

use crate::decode::span;

/// How many partitions there are. Fixed for ever, as `of` is.
pub const PARTITIONS: u32 = 64;

/// FNV-1a, 64 bits: offset basis and prime (draft-eastlake-fnv, section 5).
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The partition of a repository, 0 to 63: FNV-1a 64 of the DID's bytes, modulo [`PARTITIONS`].
///
/// It must never change: processes of two versions may work side by side.
#[must_use]
pub fn of(did: &str) -> u8 {
    let hash = did.bytes().fold(FNV_OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    });
    u8::try_from(hash % u64::from(PARTITIONS)).unwrap_or_default()
}

/// The partition that an entry of type `kind` most likely touches, without parsing it whole; 0
/// where none is seen.
///
/// Good enough to choose a lane and for nothing else: the locks are taken on what
/// [`crate::batch::Batch::partitions`] says.
#[must_use]
pub fn hint(kind: &[u8], data: &[u8]) -> u8 {
    let name = match kind {
        b"commit" => "repo",
        b"identity" | b"account" => "did",
        _ => return 0,
    };
    span::member(data, name)
        .and_then(|raw| span::string(&data[raw]))
        .map_or(0, |did| of(&did))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_changes() {
        assert_eq!(of(""), 37);
        assert_eq!(of("a"), 12);
        assert_eq!(
            of("did:plc:wq4aajammjtxdomz3e23667t"),
            reference("did:plc:wq4aajammjtxdomz3e23667t")
        );
    }

    fn reference(did: &str) -> u8 {
        let mut hash = 14_695_981_039_346_656_037_u128;
        for byte in did.bytes() {
            hash = ((hash ^ u128::from(byte)) * 1_099_511_628_211) % (1 << 64);
        }
        u8::try_from(hash % 64).expect("below 64")
    }

    #[test]
    fn spreads_the_network() {
        let mut seen = [0_u32; PARTITIONS as usize];
        for n in 0..6_400 {
            seen[usize::from(of(&format!("did:plc:{n:024}")))] += 1;
        }
        assert!(seen.iter().all(|&n| (40..=180).contains(&n)), "{seen:?}");
    }

    #[test]
    fn hints_at_the_repo_wherever_it_stands() {
        let did = "did:plc:wq4aajammjtxdomz3e23667t";
        let first = format!(r#"{{"repo": "{did}", "ops": []}}"#);
        let last =
            format!(r#"{{"ops": [{{"repo": "did:plc:x", "x": "]}}\""}}], "repo": "{did}"}}"#);
        assert_eq!(hint(b"commit", first.as_bytes()), of(did));
        assert_eq!(hint(b"commit", last.as_bytes()), of(did));
        let identity = format!(r#"{{"did":"{did}","handle":null}}"#);
        assert_eq!(hint(b"identity", identity.as_bytes()), of(did));
        assert_eq!(hint(b"account", identity.as_bytes()), of(did));
        let escaped = br#"{"repo": "did:plc:\u0061"}"#;
        assert_eq!(hint(b"commit", escaped), of("did:plc:a"));
    }

    #[test]
    fn hints_at_nothing_without_panicking() {
        for data in [
            "",
            "{",
            "[]",
            "{\"repo\"",
            "{\"repo\":",
            "{\"repo\":5}",
            "{\"repo\":\"",
            "null",
            "{\"repo\":\"\\",
        ] {
            assert_eq!(hint(b"commit", data.as_bytes()), 0, "{data}");
        }
        assert_eq!(hint(b"other", br#"{"repo":"did:plc:a"}"#), 0);
    }
}
