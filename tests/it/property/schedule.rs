//! A random schedule: who reads what, in which order, how often, and who dies over it.

use crate::support::Bed;
use crate::support::give::{self, Given};
use crate::support::random::Random;
use crate::support::stream::{GROUP, KEY};
use crate::support::wait;
use crate::support::worker::Worker;

/// In which order entries lie on the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// As they happened, under their own ids; those that come again come at the end.
    AsTheyHappened,
    /// In any order, each as a replay.
    Shuffled,
}

#[derive(Clone, Debug)]
struct Hand {
    lanes: usize,
    flush_rows: usize,
    batch_size: usize,
    /// It ends where it stands after so many entries, and another takes its place.
    dies_after: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    order: Order,
    /// How many percent of the entries come twice.
    again: usize,
    /// How many entries a consumer took with it when it died before.
    taken: usize,
    hands: Vec<Hand>,
}

impl Schedule {
    pub fn of(random: &mut Random) -> Schedule {
        let hands = 1 + random.below(3);
        Schedule {
            order: *random.pick(&[Order::AsTheyHappened, Order::Shuffled]),
            again: *random.pick(&[0, 10, 100]),
            taken: *random.pick(&[0, 0, 5, 40]),
            hands: (0..hands).map(|_| Hand::of(random)).collect(),
        }
    }

    /// Lets it happen; everything is acknowledged at the end.
    pub async fn run(&self, bed: &Bed, entries: &[Given], random: &mut Random) {
        let create = ["XGROUP", "CREATE", KEY, GROUP, "0", "MKSTREAM"];
        bed.stream.run::<String>(&create).await;
        self.give(bed, entries, random).await;
        if self.taken > 0 {
            bed.stream.read_and_die("dead", self.taken).await;
        }
        let mut workers: Vec<(Worker, Option<u64>)> = self
            .hands
            .iter()
            .enumerate()
            .map(|(n, hand)| (hand.start(bed, n), hand.dies_after))
            .collect();
        for (n, hand) in self.hands.iter().enumerate() {
            let (worker, dies_after) = &workers[n];
            let Some(dies_after) = *dies_after else {
                continue;
            };
            wait::until("it has done its share, or all is done", async || {
                worker.metrics.entries_acked() >= dies_after || is_done(bed).await
            })
            .await;
            let successor = (hand.start(bed, n), None);
            let (dying, _) = std::mem::replace(&mut workers[n], successor);
            dying.abort().await;
        }
        wait::until("everything is acknowledged", async || is_done(bed).await).await;
        for (worker, _) in workers {
            worker.stop().await.unwrap();
        }
    }

    async fn give(&self, bed: &Bed, entries: &[Given], random: &mut Random) {
        let again: Vec<&Given> = entries
            .iter()
            .filter(|_| random.percent(self.again))
            .collect();
        match self.order {
            Order::AsTheyHappened => {
                give::give(bed, entries).await;
                give::give_as_replays(bed, again.into_iter()).await;
            }
            Order::Shuffled => {
                let mut all: Vec<&Given> = entries.iter().chain(again).collect();
                random.shuffle(&mut all);
                give::give_as_replays(bed, all.into_iter()).await;
            }
        }
    }
}

impl Hand {
    fn of(random: &mut Random) -> Hand {
        Hand {
            lanes: 1 + random.below(5),
            flush_rows: *random.pick(&[1, 2, 7, 50, 1_000]),
            batch_size: *random.pick(&[1, 10, 500]),
            dies_after: random.percent(35).then(|| random.below(60) as u64),
        }
    }

    fn start(&self, bed: &Bed, n: usize) -> Worker {
        let flags = [
            ("--consumer-id", format!("worker-{n}")),
            ("--parallel-consumers", self.lanes.to_string()),
            ("--flush-rows", self.flush_rows.to_string()),
            ("--batch-size", self.batch_size.to_string()),
            ("--flush-interval-ms", "10".to_owned()),
            // So that what the dead had in hand comes soon.
            ("--claim-idle-ms", "300".to_owned()),
        ];
        let flags: Vec<&str> = flags
            .iter()
            .flat_map(|(flag, value)| [*flag, value])
            .collect();
        Worker::start(bed, &flags)
    }
}

async fn is_done(bed: &Bed) -> bool {
    let group = bed.stream.group().await.unwrap_or_default();
    group.lag == Some(0) && group.pending == 0
}
