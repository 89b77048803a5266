//! Figures as lines of a table, each with its goal where there is one: the same on a terminal and on
//! the page.

use super::figures::{
    Backfilled, Figures, Grown, Latency, Pass, Round, RowByRow, WithDerived, WithLanes, median,
};
use super::goals::Goal;

/// The rate of latency that has a goal, events a second.
const GOAL_RATE_PER_S: u64 = 2000;
/// The number of lanes that has one: the default.
const GOAL_LANES: usize = 5;
const MILLION: f64 = 1_000_000.0;

/// One line.
#[derive(Debug)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The figure, with its unit.
    pub figure: String,
    /// The goal, and whether it is met; empty where there is none.
    pub goal: String,
}

fn plain(what: impl Into<String>, figure: String) -> Line {
    Line {
        what: what.into(),
        figure,
        goal: String::new(),
    }
}

fn against(what: impl Into<String>, figure: f64, unit: &str, goal: Goal) -> Line {
    Line {
        what: what.into(),
        figure: format!("{figure:.2}{unit}"),
        goal: goal.verdict(figure),
    }
}

/// All lines of what was measured.
pub fn of(figures: &Figures) -> Vec<Line> {
    let mut lines = Vec::new();
    if !figures.rounds.is_empty() {
        lines.extend(compared(&figures.rounds));
    }
    lines.extend(figures.latency.iter().map(latency));
    lines.extend(figures.backlog.iter().flat_map(backlog));
    lines.extend(growth(&figures.growth));
    lines.extend(lanes(&figures.lanes));
    lines.extend(backfill(&figures.backfill));
    lines.extend(derived(&figures.derived));
    lines
}

fn backfill(rounds: &[Backfilled]) -> Vec<Line> {
    if rounds.is_empty() {
        return Vec::new();
    }
    let rate = |seconds: fn(&Backfilled) -> f64| {
        median(
            rounds
                .iter()
                .map(|round| round.events as f64 / seconds(round)),
        )
    };
    let live = rate(|round| round.live_s);
    let beside = rate(|round| round.backfill_s);
    let bulk = rate(|round| round.bulk_s);
    let shown = |what, rate| plain(what, format!("{} events/s", thousands(rate)));
    vec![
        shown("end to end, beside the backfills", live),
        shown("backfill from a file", beside),
        against("backfill / end to end", beside / live, "", Goal::BACKFILL),
        shown("backfill --bulk, indexes and counts included", bulk),
        against("backfill --bulk / end to end", bulk / live, "", Goal::BULK),
    ]
}

fn derived(rounds: &[WithDerived]) -> Vec<Line> {
    if rounds.is_empty() {
        return Vec::new();
    }
    let all = median(rounds.iter().map(|round| round.all.rate()));
    let none = median(rounds.iter().map(|round| round.none.rate()));
    let shown = |what, rate| plain(what, format!("{} events/s", thousands(rate)));
    let what = "DERIVED=all / DERIVED=";
    vec![
        shown("end to end, DERIVED=all", all),
        shown("end to end, DERIVED=", none),
        against(what, all / none, "", Goal::DERIVED),
    ]
}

fn compared(rounds: &[Round]) -> Vec<Line> {
    let of = |figure: fn(&Pass) -> f64| median(rounds.iter().map(|round| figure(&round.pass)));
    let rate = of(Pass::rate);
    let each = |rates: Vec<f64>| {
        let each: Vec<String> = rates.iter().map(|rate| thousands(*rate)).collect();
        format!(
            "{} events/s ({})",
            thousands(median(rates)),
            each.join(", ")
        )
    };
    let cpu = of(|pass| pass.engine_cpu_s / pass.events as f64 * MILLION);
    let rates = rounds.iter().map(|round| round.pass.rate());
    let mut lines = vec![plain("end to end", each(rates.collect()))];
    let floors: Vec<f64> = rounds.iter().filter_map(Round::floor_rate).collect();
    if !floors.is_empty() {
        let ratio = rate / median(floors.iter().copied());
        lines.push(plain("floor: PostgreSQL alone", each(floors)));
        lines.push(against("end to end / floor", ratio, "", Goal::OF_FLOOR));
    }
    let rows = rounds.iter().filter_map(|round| round.row_by_row.as_ref());
    let rows: Vec<f64> = rows.map(RowByRow::rate).collect();
    if !rows.is_empty() {
        let ratio = rate / median(rows.iter().copied());
        lines.push(plain("row by row: the plain baseline", each(rows)));
        let what = "end to end / row by row";
        lines.push(against(what, ratio, "", Goal::OF_ROW_BY_ROW));
    }
    let what = "engine CPU for a million events";
    lines.push(against(what, cpu, " s", Goal::ENGINE_CPU_S));
    lines.extend(postgres_cpu(rounds));
    let memory = of(|pass| pass.peak_memory_bytes as f64 / MILLION);
    lines.push(plain("peak RSS", format!("{memory:.1} MB")));
    lines.extend(rounds.first().map(|round| flushes(&round.pass)));
    lines
}

fn postgres_cpu(rounds: &[Round]) -> Option<Line> {
    let seen: Option<Vec<f64>> = rounds.iter().map(|r| r.pass.postgres_cpu_s).collect();
    let cpu = median(seen?);
    Some(plain("PostgreSQL CPU of a pass", format!("{cpu:.2} s")))
}

fn flushes(pass: &Pass) -> Line {
    let reasons = pass.flushes.iter().filter(|(_, count)| *count > 0);
    let reasons: Vec<String> = reasons.map(|(name, n)| format!("{name} {n}")).collect();
    plain("flushes by reason (first round)", reasons.join(", "))
}

fn latency(at: &Latency) -> Line {
    let rate = thousands(at.offered_per_s as f64);
    let (p50, p99, max) = (at.p50_ms, at.p99_ms, at.max_ms);
    Line {
        what: format!("latency at {rate} events/s: p50 / p99 / max"),
        figure: format!("{p50:.1} / {p99:.1} / {max:.1} ms"),
        goal: if at.offered_per_s == GOAL_RATE_PER_S {
            format!("p99 {}", Goal::P99_MS.verdict(p99))
        } else {
            String::new()
        },
    }
}

fn backlog(pass: &Pass) -> [Line; 2] {
    let events = thousands(pass.events as f64);
    let memory = pass.peak_memory_bytes as f64 / MILLION;
    let rate = format!("{} events/s", thousands(pass.rate()));
    let what = format!("peak RSS with a backlog of {events}, {GOAL_LANES} lanes");
    [
        plain(format!("end to end with a backlog of {events}"), rate),
        against(what, memory, " MB", Goal::BACKLOG_MEMORY_MB),
    ]
}

fn growth(growth: &[Grown]) -> Vec<Line> {
    let line = |what: String, rate: f64| plain(what, format!("{} events/s", thousands(rate)));
    let mut lines = Vec::new();
    for grown in growth {
        let likes = thousands(grown.likes as f64);
        lines.push(line(format!("into {likes} likes"), grown.pass.rate()));
        let floor = grown.floor_rate();
        lines.extend(floor.map(|rate| line(format!("floor into {likes} likes"), rate)));
    }
    if let [first, .., last] = growth {
        let ratio = last.pass.rate() / first.pass.rate();
        let floors = last.floor_rate().zip(first.floor_rate());
        let [last, first] = [last, first].map(|grown| thousands(grown.likes as f64));
        let what = format!("into {last} likes / into {first}");
        lines.push(against(what.clone(), ratio, "", Goal::GROWN));
        let floor = |(last, first)| plain(format!("floor {what}"), format!("{:.2}", last / first));
        lines.extend(floors.map(floor));
    }
    lines
}

fn lanes(lanes: &[WithLanes]) -> Vec<Line> {
    let line = |with: &WithLanes| {
        let rate = thousands(with.pass.rate());
        let memory = with.pass.peak_memory_bytes as f64 / MILLION;
        let what = match with.lanes {
            1 => "1 lane".to_owned(),
            lanes => format!("{lanes} lanes"),
        };
        plain(what, format!("{rate} events/s, peak RSS {memory:.1} MB"))
    };
    let best = lanes.iter().map(|with| with.pass.rate());
    let best = best.fold(0.0, f64::max);
    let default = lanes.iter().find(|with| with.lanes == GOAL_LANES);
    let ratio = default.map(|with| {
        let what = format!("{GOAL_LANES} lanes / the best number of lanes");
        against(what, with.pass.rate() / best, "", Goal::OF_BEST_LANES)
    });
    lanes.iter().map(line).chain(ratio).collect()
}

/// A whole number with a comma at each thousand.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_commas() {
        let written = [0.0, 999.4, 1000.0, 1_234_567.0].map(thousands);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn goals_stand_where_they_belong() {
        let at = |offered_per_s| Latency {
            offered_per_s,
            seconds: 1.0,
            events: 1,
            markers: 1,
            p50_ms: 1.0,
            p99_ms: 151.0,
            max_ms: 200.0,
        };
        assert_eq!(latency(&at(500)).goal, "");
        assert_eq!(latency(&at(2000)).goal, "p99 at most 150: not met");
    }
}
