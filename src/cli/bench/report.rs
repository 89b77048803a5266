//! Figures on a terminal, as JSON, and on a page with charts.
//!
//! The page keeps what is written there by hand: only what stands between two marks is replaced, one
//! pair of marks for each section.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::chart::{Series, bars};
use super::figures::{Figures, Grown, Pass, Round, RowByRow, median};
use super::lines::{self, thousands};
use super::machine::Machine;
use crate::cli::Failure;

/// A run, as it is written to JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    /// The version that was measured.
    pub forebay: String,
    /// The command, without addresses and files.
    pub command: String,
    /// What was measured on.
    pub machine: Machine,
    /// What was measured.
    pub figures: Figures,
}

/// A part of the page.
#[derive(Clone, Copy, Debug)]
enum Section {
    Bench,
    Growth,
}

impl Section {
    const ALL: [Section; 2] = [Section::Bench, Section::Growth];

    fn name(self) -> &'static str {
        match self {
            Section::Bench => "bench",
            Section::Growth => "growth",
        }
    }

    /// What of the figures belongs here; `None` if nothing does.
    fn part(self, of: &Figures) -> Option<Figures> {
        let of = of.clone();
        let part = match self {
            Section::Bench => Figures {
                growth: Vec::new(),
                lanes: Vec::new(),
                ..of
            },
            Section::Growth => Figures {
                growth: of.growth,
                lanes: of.lanes,
                ..Figures::default()
            },
        };
        (!lines::of(&part).is_empty()).then_some(part)
    }
}

impl Report {
    /// All figures, aligned.
    pub fn print(&self) {
        let lines = lines::of(&self.figures);
        let wide = |of: fn(&lines::Line) -> &str| {
            let widths = lines.iter().map(|line| of(line).chars().count());
            widths.max().unwrap_or(0)
        };
        let (what, figure) = (wide(|line| &line.what), wide(|line| &line.figure));
        println!();
        for line in &lines {
            let text = format!(
                "{:what$}  {:figure$}  {}",
                line.what, line.figure, line.goal
            );
            println!("{}", text.trim_end());
        }
    }

    /// Writes JSON.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_json(&self, file: &Path) -> Result<(), Failure> {
        let json = sonic_rs::to_string_pretty(self).map_err(std::io::Error::other)?;
        write(file, &(json + "\n"))
    }

    /// Replaces the sections of a page that were measured. JSON and charts go into the directory
    /// with the page's name.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or the page has no marks for a section.
    pub fn write_page(&self, page: &Path) -> Result<(), Failure> {
        let dir = page.with_extension("");
        fs::create_dir_all(&dir).map_err(|error| about(&dir, &error))?;
        let mut text = fs::read_to_string(page).map_err(|error| about(page, &error))?;
        for section in Section::ALL {
            let Some(figures) = section.part(&self.figures) else {
                continue;
            };
            let part = Report {
                figures,
                ..self.clone()
            };
            part.write_json(&dir.join(section.name()).with_extension("json"))?;
            let body = part.section(&dir)?;
            text = replaced(&text, section.name(), &body).ok_or_else(|| {
                let name = section.name();
                let (begin, end) = marks(name);
                Failure::Usage(format!(
                    "--page {}: no place for {name}\n  remedy: put the lines {begin} and {end} where the figures are to stand",
                    page.display()
                ))
            })?;
        }
        write(page, &text)
    }

    /// The section's Markdown; its charts are written to the directory.
    fn section(&self, dir: &Path) -> Result<String, Failure> {
        let row = |line: &lines::Line| {
            let lines::Line { what, figure, goal } = line;
            format!("| {what} | {figure} | {goal} |\n")
        };
        let rows: String = lines::of(&self.figures).iter().map(row).collect();
        let mut text = format!(
            "forebay {}, `{}`, on {}\n\n| what | figure | goal |\n|---|---|---|\n{rows}",
            self.forebay,
            self.command,
            self.machine.described()
        );
        let shown = dir.file_name().unwrap_or_default().to_string_lossy();
        for (name, title, svg) in charts(&self.figures) {
            let file = dir.join(name).with_extension("svg");
            write(&file, &svg)?;
            text.push_str(&format!("\n![{title}]({shown}/{name}.svg)\n"));
        }
        Ok(text)
    }
}

/// A file's name, the chart's title and the chart.
type Chart = (&'static str, &'static str, String);

fn charts(figures: &Figures) -> Vec<Chart> {
    let one = |name, values| [Series { name, values }];
    let mut charts = Vec::new();
    let mut chart = |name, title, labels: Vec<String>, series: &[Series]| {
        if !labels.is_empty() {
            charts.push((name, title, bars(title, &labels, series)));
        }
    };
    let (labels, values) = compared(&figures.rounds).into_iter().unzip();
    chart(
        "throughput",
        "events/s, medians",
        labels,
        &one("events/s", values),
    );
    let latency = &figures.latency;
    let labels = latency.iter().map(|at| {
        let rate = thousands(at.offered_per_s as f64);
        format!("{rate} events/s")
    });
    let series = [
        ("p50", latency.iter().map(|at| at.p50_ms).collect()),
        ("p99", latency.iter().map(|at| at.p99_ms).collect()),
        ("max", latency.iter().map(|at| at.max_ms).collect()),
    ]
    .map(|(name, values)| Series { name, values });
    let title = "from XADD to visible, milliseconds";
    chart("latency", title, labels.collect(), &series);
    let grown = figures.growth.iter();
    let labels = grown.map(|grown| format!("{} likes", thousands(grown.likes as f64)));
    let title = "events/s by what the database holds";
    let values = figures.growth.iter().map(|grown| grown.pass.rate());
    let mut series = vec![Series {
        name: "end to end",
        values: values.collect(),
    }];
    let floors: Option<Vec<f64>> = figures.growth.iter().map(Grown::floor_rate).collect();
    series.extend(floors.map(|values| Series {
        name: "floor",
        values,
    }));
    chart("growth", title, labels.collect(), &series);
    let lanes = &figures.lanes;
    let labels = lanes.iter().map(|with| with.lanes.to_string()).collect();
    let values = lanes.iter().map(|with| with.pass.rate()).collect();
    chart(
        "lanes",
        "events/s by lanes",
        labels,
        &one("events/s", values),
    );
    charts
}

/// The medians of what is compared, by name.
fn compared(rounds: &[Round]) -> Vec<(String, f64)> {
    let rates = |name: &str, rate: fn(&Round) -> Option<f64>| {
        let rates: Vec<f64> = rounds.iter().filter_map(rate).collect();
        (!rates.is_empty()).then(|| (name.to_owned(), median(rates)))
    };
    [
        rates("end to end", |round| Some(Pass::rate(&round.pass))),
        rates("floor", Round::floor_rate),
        rates("row by row", |round| {
            round.row_by_row.as_ref().map(RowByRow::rate)
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn marks(name: &str) -> (String, String) {
    (
        format!("<!-- {name}: begin -->"),
        format!("<!-- {name}: end -->"),
    )
}

/// The page with another body between the marks of this name; `None` if it has none.
fn replaced(page: &str, name: &str, body: &str) -> Option<String> {
    let (begin, end) = marks(name);
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!(
        "{before}{begin}\n\n{}\n\n{end}{after}",
        body.trim_end()
    ))
}

fn about(file: &Path, error: &std::io::Error) -> Failure {
    Failure::Io(std::io::Error::other(format!(
        "{}: {error}",
        file.display()
    )))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| about(file, &error))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn what_is_written_by_hand_stays() {
        let page = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n";
        let new = replaced(page, "x", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\nb\n");
        assert_eq!(replaced(&new, "x", "new").unwrap(), new);
        assert!(replaced(page, "y", "new").is_none());
    }
}
