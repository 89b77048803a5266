//! The page at `/`: one file of HTML that needs nothing else, with the plots in it as served.
//!
//! It is made from the status alone. The template escapes whatever is put in; no text of ours goes
//! around that.

mod plot;

use askama::Template;

use crate::report::grouped;
use crate::status::Status;
use plot::{Axis, Plot};

/// What the browser may do with the page: run the one script in it, by its hash, and ask us.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-/TLSCwaDsjJ2NjIhMw/dtiLlbrcsEkzQy0dGpSS2Tdk='; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'s> {
    status: &'s Status,
    plots: [Plot; 3],
    figures: Vec<Figure>,
    errors: Vec<(String, u64)>,
}

/// A number at the top.
struct Figure {
    name: &'static str,
    value: String,
    unit: &'static str,
}

/// The page.
///
/// # Errors
///
/// None that data could cause.
pub fn html(status: &Status) -> Result<String, askama::Error> {
    Page {
        plots: plots(status),
        figures: figures(status),
        errors: errors(status),
        status,
    }
    .render()
}

fn plots(status: &Status) -> [Plot; 3] {
    let of = |value: fn(&crate::status::PointStatus) -> Option<f64>| {
        let points = status.history.iter();
        points
            .map(|point| (point.age_s, value(point)))
            .collect::<Vec<_>>()
    };
    [
        Plot::of(
            Axis {
                title: "Throughput",
                unit: "events/s",
            },
            &of(|point| Some(point.events_per_s)),
        ),
        Plot::of(
            Axis {
                title: "Backlog",
                unit: "entries",
            },
            &of(|point| point.backlog_entries.map(|entries| entries as f64)),
        ),
        Plot::of(
            Axis {
                title: "Lag by event time",
                unit: "s",
            },
            &of(|point| point.lag_s),
        ),
    ]
}

fn figures(status: &Status) -> Vec<Figure> {
    let figure = |name, value, unit| Figure { name, value, unit };
    let known = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), grouped);
    let lag = status
        .lag_s
        .map_or_else(|| "unknown".to_owned(), |lag| format!("{lag:.1}"));
    vec![
        figure("Events", grouped(status.events_per_s.round() as u64), "/s"),
        figure("Rows", grouped(status.rows_per_s.round() as u64), "/s"),
        figure("Backlog", known(status.backlog_entries), ""),
        figure("Lag", lag, "s"),
        figure("Pending", known(status.pending_entries), ""),
        figure("Stored", grouped(status.entries_acked), ""),
        figure("Dead letters", known(status.dead_letters_stored), ""),
        figure("Lost", grouped(status.entries_lost), ""),
    ]
}

/// Everything that went wrong or had to be mended, by name.
fn errors(status: &Status) -> Vec<(String, u64)> {
    let named = |what: &str, counts: &std::collections::BTreeMap<String, u64>| {
        let some = counts.iter().filter(|(_, count)| **count > 0);
        some.map(|(name, count)| (format!("{what} {name}"), *count))
            .collect::<Vec<_>>()
    };
    [
        named("PostgreSQL", &status.errors.database),
        named("Redis", &status.errors.redis),
        named("dead letter", &status.dead_letters),
        named("repaired", &status.repaired),
    ]
    .concat()
}

/// How the template shows things.
mod filters {
    use crate::report;

    /// A number with commas between thousands.
    #[askama::filter_fn]
    pub fn grouped(number: &u64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(report::grouped(*number))
    }

    /// One decimal.
    #[askama::filter_fn]
    pub fn tenths(number: &f64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(format!("{number:.1}"))
    }

    /// None.
    #[askama::filter_fn]
    pub fn whole(number: &f64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(format!("{number:.0}"))
    }

    /// A time as the largest two units: `3 h 12 min`.
    #[askama::filter_fn]
    pub fn span(seconds: &f64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(report::span(*seconds))
    }

    /// A number that may be unknown or have no meaning here.
    #[askama::filter_fn]
    pub fn maybe(number: &Option<u64>, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(number.map_or_else(String::new, report::grouped))
    }
}
