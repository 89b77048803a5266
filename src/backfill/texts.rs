//! Reading lines.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::car::Problem;
use crate::entry::Entry;
use crate::position::StreamId;

use super::chunk::{Form, Rule, Taken};
use super::event::{self, Clock, Event, Left};
use super::feed::{At, Feed};
use super::lines::{Lines, Next};
use super::reader::{Broken, Reader, STALE};
use super::source::Source;
use super::stamp;

/// Goes through a file of lines.
pub(super) fn read_file(reader: &Reader, path: &Path, source: &Source) -> Result<(), Broken> {
    match File::open(path) {
        Ok(file) => read(reader, file, source),
        Err(_) => {
            reader.refuse(source, "file", Problem::Unreadable.name());
            Ok(())
        }
    }
}

/// Goes through the lines of standard input.
pub(super) fn read_stdin(reader: &Reader, source: &Source) -> Result<(), Broken> {
    read(reader, std::io::stdin(), source)
}

fn read(reader: &Reader, input: impl Read + 'static, source: &Source) -> Result<(), Broken> {
    let Ok(mut lines) = Lines::open(input) else {
        reader.refuse(source, "file", Problem::Unreadable.name());
        return Ok(());
    };
    let first = lines.advance();
    let content = hex(&Sha256::digest(lines.line()));
    let Some(taken) = reader.take(source, Form::Lines, &content)? else {
        return Ok(());
    };
    let mut events = Events {
        source: Arc::clone(&taken),
        reader,
        feed: reader.feed(taken),
    };
    match events.all(first, &mut lines)? {
        Flow::On => {
            events.feed.end(None)?;
            reader.shared.report.ended();
        }
        Flow::Refused => events.feed.leave()?,
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the source is gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    /// It is refused from here on, and not at its end.
    Refused,
}

/// The events of one source of lines.
struct Events<'r> {
    reader: &'r Reader,
    source: Arc<Taken>,
    feed: Feed<'r>,
}

impl Events<'_> {
    fn all(&mut self, first: Next, lines: &mut Lines) -> Result<Flow, Broken> {
        let mut next = first;
        let mut metered = 0;
        for offset in 0_u128.. {
            let problem = match next {
                Next::Line | Next::Unended => {
                    let bad_at = match next {
                        Next::Unended => At::End,
                        _ => At::Offset(offset),
                    };
                    if self.line(offset, lines.line(), bad_at)? == Flow::Refused {
                        return Ok(Flow::Refused);
                    }
                    None
                }
                Next::TooLong => Some((At::Offset(offset), "line_too_long")),
                Next::Broken => Some((At::End, Problem::Truncated.name())),
                Next::Bomb => Some((At::End, "inflates_too_much")),
                Next::End => return Ok(Flow::On),
            };
            if let Some((at, reason)) = problem {
                self.feed.problem(at, &place(offset), reason)?;
                if at == At::End {
                    return Ok(Flow::On);
                }
            }
            self.reader.shared.meter.bytes(lines.taken() - metered);
            metered = lines.taken();
            next = lines.advance();
        }
        Ok(Flow::On)
    }

    /// Takes a line; `bad_at` is where it is told if it is no event.
    fn line(&mut self, offset: u128, line: &[u8], bad_at: At) -> Result<Flow, Broken> {
        if line.trim_ascii().is_empty() {
            return Ok(Flow::On);
        }
        let event = match event::read(line) {
            Ok(event) => event,
            Err(bad) => {
                self.feed.problem(bad_at, &place(offset), bad.name())?;
                return Ok(Flow::On);
            }
        };
        let Some((owner, event)) = self.filtered(event) else {
            self.feed.filter(offset)?;
            return Ok(Flow::On);
        };
        let (at, rule, known_at) = self.stamp(offset, &event);
        if self.reader.is_stale(known_at) {
            self.feed.problem(At::End, &place(offset), STALE)?;
            return Ok(Flow::Refused);
        }
        self.feed.under(rule, None)?;
        let Event {
            kind, data, seq, ..
        } = event;
        let entry = Entry {
            kind,
            data: Some(data),
            seq,
            ..Entry::empty(StreamId::default())
        };
        self.feed.entry(offset, &owner, at, entry)?;
        Ok(Flow::On)
    }

    /// The position of an event, what decides between its rows and others', and as of when it is known
    /// to be right.
    fn stamp(&self, offset: u128, event: &Event) -> (StreamId, Rule, Option<i64>) {
        match event.clock {
            Clock::Stream(id) => (id, Rule::Position, Some(stamp::of_id(id))),
            Clock::Elsewhere(time) => {
                let at = self.reader.clocks.elsewhere(time);
                (stamp::id(at), Rule::Position, Some(at))
            }
            Clock::None => {
                let id = self.source.id;
                let rule = Rule::Fill(Some(stamp::lines(id)));
                let at = stamp::id(stamp::line(id, offset));
                (at, rule, self.reader.clocks.as_of(None))
            }
        }
    }

    /// What is taken of an event, and whose it is; nothing if it is left out.
    fn filtered(&self, mut event: Event) -> Option<(String, Event)> {
        let filter = &self.reader.filter;
        let owner = event::owner(&event.kind, &event.data).into_owned();
        let time = match event.clock {
            Clock::Stream(id) => Some(stamp::of_id(id)),
            Clock::Elsewhere(time) => Some(time),
            Clock::None => None,
        };
        if !filter.has_did(&owner) || !filter.has_time(time) {
            return None;
        }
        match event::filtered(&event.kind, &event.data, filter) {
            Left::All => {}
            Left::Some(left) => event.data = left,
            Left::Nothing => return None,
        }
        Some((owner, event))
    }
}

fn place(offset: u128) -> String {
    format!("line {}", offset + 1)
}
