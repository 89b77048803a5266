//! Ways in which the same entries can come to a worker.

use super::Bed;
use super::stream::New;
use super::wait;
use super::worker::{Worker, drain};
use std::sync::Arc;

/// An entry with the position that it shall have.
#[derive(Clone, Debug)]
pub struct Given {
    pub id: String,
    pub kind: String,
    pub data: String,
    pub seq: String,
}

/// Puts entries on the stream under their own ids.
pub async fn give(bed: &Bed, entries: &[Given]) {
    let new = |given: &Given| New {
        id: Some(given.id.clone()),
        kind: given.kind.clone(),
        data: given.data.clone().into_bytes(),
        seq: given.seq.clone(),
    };
    bed.stream
        .xadd_all(&entries.iter().map(new).collect::<Vec<_>>())
        .await;
}

/// Puts entries on the stream in any order, each as a replay: its position is its id's.
pub async fn give_as_replays<'g>(bed: &Bed, entries: impl Iterator<Item = &'g Given>) {
    for Given {
        id,
        kind,
        data,
        seq,
    } in entries
    {
        let command = [
            "XADD",
            "firehose:events",
            "*",
            "type",
            kind,
            "data",
            data,
            "seq",
            seq,
            "origId",
            id,
        ];
        bed.stream.run::<String>(&command).await;
    }
}

/// In order.
pub async fn once(bed: &Bed, entries: &[Given]) {
    give(bed, entries).await;
    drain(bed, &[]).await;
}

/// In order, and all of it again.
pub async fn twice(bed: &Bed, entries: &[Given]) {
    once(bed, entries).await;
    let again = [
        "XGROUP",
        "SETID",
        "firehose:events",
        "firehose-processors",
        "0",
    ];
    bed.stream.run::<String>(&again).await;
    drain(bed, &["--flush-rows", "100", "--parallel-consumers", "2"]).await;
}

/// From the last to the first.
pub async fn in_reverse(bed: &Bed, entries: &[Given]) {
    give_as_replays(bed, entries.iter().rev()).await;
    drain(bed, &["--flush-rows", "50"]).await;
}

/// Shared by two workers that wait for the entries; both must have taken part.
pub async fn to_two_workers(bed: &Bed, entries: &[Given]) {
    let start = |id| {
        let flags = ["--consumer-id", id, "--flush-rows", "40"];
        Worker::start(bed, &[&flags[..], &["--parallel-consumers", "3"]].concat())
    };
    let workers = [start("one"), start("two")];
    wait::until("both workers wait for entries", async || {
        let group = bed.stream.group().await;
        group.is_some_and(|group| group.consumers == 2)
    })
    .await;
    give(bed, entries).await;
    wait::until("everything is acknowledged", async || {
        let group = bed.stream.group().await.unwrap();
        group.lag == Some(0) && group.pending == 0
    })
    .await;
    for worker in workers {
        let metrics = Arc::clone(&worker.metrics);
        worker.stop().await.unwrap();
        assert!(metrics.entries_acked() > 0, "one worker did it all");
    }
}
