//! A plot of a quarter of an hour: numbers in, lines of an SVG out.

use std::fmt::Write as _;

use crate::history::{EVERY, SPAN};
use crate::report::grouped;

/// The drawing's own units; the page scales it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 150.0;
/// Points that are further apart belong to two lines: nothing is known of the time between.
const GAP_S: f64 = 3.0 * EVERY.as_secs() as f64;

/// What is plotted.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Its title.
    pub title: &'static str,
    /// The unit of its values.
    pub unit: &'static str,
}

/// A plot, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Its title.
    pub title: &'static str,
    /// The unit of its values.
    pub unit: &'static str,
    /// The value at its top.
    pub top: String,
    /// The last value, unless it is unknown.
    pub last: String,
    /// The line, as an SVG path; empty before there are two points.
    pub line: String,
    /// The same closed at the bottom.
    pub area: String,
}

impl Plot {
    /// Of values by their age in seconds, the oldest first; `None` is a gap.
    pub fn of(Axis { title, unit }: Axis, values: &[(f64, Option<f64>)]) -> Plot {
        let known = values.iter().filter_map(|(_, value)| *value);
        let top = nice(known.fold(0.0, f64::max));
        let last = values.last().and_then(|(_, value)| *value);
        let mut plot = Plot {
            title,
            unit,
            top: shown(top),
            last: last.map_or_else(|| "unknown".to_owned(), shown),
            line: String::new(),
            area: String::new(),
        };
        for run in runs(values) {
            plot.add(&run, top);
        }
        plot
    }

    fn add(&mut self, run: &[(f64, f64)], top: f64) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return;
        };
        let mut path = String::new();
        for (at, (age, value)) in run.iter().enumerate() {
            let to = if at == 0 { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(path, "{to}{:.1} {:.1}", x(*age), y(*value, top));
        }
        let _ = write!(
            self.area,
            "{path}L{:.1} {HEIGHT}L{:.1} {HEIGHT}Z",
            x(last.0),
            x(first.0)
        );
        self.line.push_str(&path);
    }
}

/// The values without gaps, in runs.
fn runs(values: &[(f64, Option<f64>)]) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut before: Option<f64> = None;
    for (age, value) in values {
        let follows = before.is_some_and(|before| before - age <= GAP_S);
        before = value.map(|_| *age);
        let Some(value) = value else { continue };
        match runs.last_mut() {
            Some(run) if follows => run.push((*age, *value)),
            _ => runs.push(vec![(*age, *value)]),
        }
    }
    runs
}

fn x(age_s: f64) -> f64 {
    WIDTH - WIDTH * age_s / SPAN.as_secs_f64()
}

fn y(value: f64, top: f64) -> f64 {
    HEIGHT - HEIGHT * value / top
}

/// The next of 1, 2, 5, 10, 20, … at or above a value; at least 1.
fn nice(value: f64) -> f64 {
    let mut step = 1.0;
    while f64::is_finite(step) {
        for factor in [1.0, 2.0, 5.0] {
            if value <= step * factor {
                return value.max(step * factor).min(f64::MAX);
            }
        }
        step *= 10.0;
    }
    value
}

fn shown(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 {
        format!("{value:.1}")
    } else {
        grouped(value.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: Axis = Axis {
        title: "t",
        unit: "u",
    };

    #[test]
    fn the_line_goes_from_left_to_right_and_fills_the_height() {
        let plot = Plot::of(
            AXIS,
            &[(10.0, Some(0.0)), (5.0, Some(5.0)), (0.0, Some(10.0))],
        );
        assert_eq!(plot.line, "M712.0 150.0L716.0 75.0L720.0 0.0");
        assert_eq!(
            plot.area,
            "M712.0 150.0L716.0 75.0L720.0 0.0L720.0 150L712.0 150Z"
        );
        assert_eq!((plot.top.as_str(), plot.last.as_str()), ("10", "10"));
    }

    #[test]
    fn what_is_unknown_is_a_gap() {
        let values = [
            (900.0, Some(1.0)),
            (60.0, Some(2.0)),
            (55.0, None),
            (50.0, Some(3.0)),
            (45.0, Some(1.5)),
        ];
        let plot = Plot::of(AXIS, &values);
        assert_eq!(plot.line.matches('M').count(), 3, "{}", plot.line);
        assert_eq!((plot.top.as_str(), plot.last.as_str()), ("5", "1.5"));
        let none = Plot::of(AXIS, &[(5.0, None)]);
        assert_eq!((none.line.as_str(), none.last.as_str()), ("", "unknown"));
        assert_eq!(Plot::of(AXIS, &[]).top, "1");
    }

    #[test]
    fn the_top_is_a_round_number() {
        let cases = [
            (0.0, 1.0),
            (1.0, 1.0),
            (1.5, 2.0),
            (49.0, 50.0),
            (51.0, 100.0),
            (1e6, 1e6),
        ];
        for (value, top) in cases {
            assert_eq!(nice(value), top, "{value}");
        }
        assert!(nice(f64::MAX).is_finite());
    }
}
