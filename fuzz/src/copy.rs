//! A reader of binary COPY streams that takes nothing for granted: every cell must be what its
//! column's type allows.

use forebay::batch::{Batch, Straight};
use forebay::encode::{HEADER, TRAILER};
use forebay::stage::Stage;

/// A cell's bytes; none for NULL.
pub type Row = Vec<Option<Vec<u8>>>;

/// What a column of a staging table holds.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Jsonb,
    Bool,
    Int8,
}

/// The types of a staging table's columns, as `sql/stage_*.sql` has them.
fn types(stage: Stage) -> Vec<Type> {
    use Type::{Bool, Int8, Jsonb, Text};
    let all = |kind, count| vec![kind; count];
    match stage {
        Stage::Likes => [all(Text, 4), vec![Jsonb], all(Int8, 4), all(Text, 2)].concat(),
        Stage::Pairs => [all(Text, 6), vec![Jsonb, Text], all(Int8, 4), all(Text, 2)].concat(),
        Stage::Posts => [
            all(Text, 4),
            vec![Jsonb],
            all(Text, 4),
            all(Jsonb, 3),
            all(Text, 2),
            all(Int8, 4),
            all(Text, 2),
        ]
        .concat(),
        Stage::Records => [all(Text, 10), all(Bool, 3), all(Jsonb, 2), all(Int8, 3)].concat(),
        Stage::Deletes => [all(Text, 2), all(Int8, 2)].concat(),
    }
}

/// All rows of a batch, each checked; as many as the batch says that it has.
pub fn rows(batch: &mut Batch) -> Vec<(Stage, Row)> {
    let mut found = Vec::new();
    for copy in batch.copies(&Straight::default()) {
        let stream = copy.chunks().collect::<Vec<_>>().concat();
        let types = types(copy.stage);
        for row in read(&stream, &types) {
            found.push((copy.stage, row));
        }
    }
    assert_eq!(found.len(), batch.rows(), "rows announced and sent");
    found
}

fn read(stream: &[u8], types: &[Type]) -> Vec<Row> {
    let rest = stream.strip_prefix(&HEADER).expect("a header");
    let mut rest = rest.strip_suffix(&TRAILER).expect("a trailer");
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let columns = i16::from_be_bytes(take(&mut rest, 2).try_into().expect("a count"));
        assert_eq!(usize::try_from(columns), Ok(types.len()), "columns");
        rows.push(types.iter().map(|kind| cell(&mut rest, *kind)).collect());
    }
    rows
}

fn cell(rest: &mut &[u8], kind: Type) -> Option<Vec<u8>> {
    let length = i32::from_be_bytes(take(rest, 4).try_into().expect("a length"));
    if length == -1 {
        return None;
    }
    let cell = take(rest, usize::try_from(length).expect("a length"));
    match kind {
        Type::Text => assert!(std::str::from_utf8(cell).is_ok_and(|text| !text.contains('\0'))),
        Type::Jsonb => check_jsonb(cell),
        Type::Bool => assert!(matches!(cell, [0 | 1])),
        Type::Int8 => assert_eq!(cell.len(), 8),
    }
    Some(cell.to_vec())
}

/// JSON that jsonb takes: no NUL, no lone surrogate, nesting and numbers within bounds.
fn check_jsonb(cell: &[u8]) {
    let (version, text) = cell.split_first().expect("a version");
    assert_eq!(*version, 1);
    let text = std::str::from_utf8(text).expect("UTF-8");
    assert!(crate::is_json(text.as_bytes()), "{text}");
    assert!(crate::depth(text.as_bytes()) <= 128, "{text}");
    assert!(!text.contains("\\ud"), "no surrogate is written as one");
    let value = crate::json::parse(text).expect("JSON");
    assert!(crate::json::is_numeric(&value), "{text}");
    // The reading above makes U+FFFD of a NUL: look for it as it stands.
    let unescaped = text.replace("\\\\", "");
    assert!(!unescaped.contains("\\u0000"), "{text}");
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(length);
    *rest = after;
    taken
}
