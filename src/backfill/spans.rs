//! Reading a span of a stream, without a group: entries as they are, with their own positions.

use tokio::runtime::Handle;

use crate::entry::Entry;
use crate::error::RedisVerdict;
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::source::range;

use super::chunk::{Form, Rule};
use super::event::{self, Left};
use super::feed::{Feed, all_shares};
use super::patience;
use super::reader::{Broken, Reader, STALE};
use super::source::{Source, Span};
use super::stamp;

/// Entries of one answer: a few megabytes as a rule.
const ENTRIES: usize = 1_000;

/// Goes through a span.
pub(super) fn read(reader: &Reader, span: &Span, source: &Source) -> Result<(), Broken> {
    // A span that ends at the stream's end has every delete that a tombstone could tell of.
    let end = span.to.map(stamp::of_id);
    if end.is_some() && reader.is_stale(end) {
        reader.refuse(source, "span", STALE);
        return Ok(());
    }
    let Some(taken) = reader.take(source, Form::Span, "")? else {
        return Ok(());
    };
    // Lanes commit their own shares' marks: where one has come far, another may have stored nothing.
    let starts = all_shares().into_iter().map(|share| taken.start(share));
    let start = span.from.max(of_offset(starts.min().unwrap_or(0)));
    let mut feed = reader.feed(taken);
    feed.under(Rule::Position, None)?;
    let mut from = start;
    loop {
        let entries = some(reader, span, from)?;
        let Some(last) = entries.last().map(|entry| entry.id) else {
            break;
        };
        let count = entries.len();
        for entry in entries {
            take(reader, &mut feed, entry)?;
        }
        if count < ENTRIES {
            break;
        }
        from = of_offset(offset(last) + 1);
    }
    feed.end(None)?;
    reader.shared.report.ended();
    Ok(())
}

fn take(reader: &Reader, feed: &mut Feed<'_>, mut entry: Entry) -> Result<(), Broken> {
    let offset = offset(entry.id);
    let data = entry.data.as_deref().unwrap_or_default();
    let owner = event::owner(&entry.kind, data).into_owned();
    let origin = entry.origin();
    let filter = &reader.filter;
    if !filter.has_did(&owner) || !filter.has_time(Some(stamp::of_id(origin))) {
        return Ok(feed.filter(offset)?);
    }
    match event::filtered(&entry.kind, data, filter) {
        Left::All => {}
        Left::Some(left) => entry.data = Some(left),
        Left::Nothing => return Ok(feed.filter(offset)?),
    }
    Ok(feed.entry(offset, &owner, origin, entry)?)
}

/// The next entries, however long Redis is away.
fn some(reader: &Reader, span: &Span, from: StreamId) -> Result<Vec<Entry>, Broken> {
    let mut backoff = Backoff::new();
    loop {
        let asked = range(&reader.redis, &span.key, from, span.to, ENTRIES);
        match Handle::current().block_on(asked) {
            Ok(entries) => return Ok(entries),
            Err(error) if error.verdict() == RedisVerdict::Fatal => return Err(error.into()),
            Err(error) => patience::wait(&mut backoff, &error, &reader.shared.stop)?,
        }
    }
}

/// A stream's ids as places: they grow as the ids do.
fn offset(id: StreamId) -> u128 {
    u128::from(id.ms) << 64 | u128::from(id.n)
}

fn of_offset(offset: u128) -> StreamId {
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(u64::MAX);
    StreamId {
        ms: half(offset >> 64),
        n: half(offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_places_and_back() {
        let id = |ms, n| StreamId { ms, n };
        for id in [id(0, 0), id(5, 7), id(u64::MAX, u64::MAX)] {
            assert_eq!(of_offset(offset(id)), id);
        }
        assert!(offset(id(5, u64::MAX)) < offset(id(6, 0)));
        assert_eq!(of_offset(offset(id(5, u64::MAX)) + 1), id(6, 0));
    }
}
