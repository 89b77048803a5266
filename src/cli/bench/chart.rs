//! Bar charts as SVG: a few bars with their figures over them, and nothing more.
//!
//! Own code, because a page needs four charts of one form, and the libraries for this bring a
//! drawing back end and fonts along.

use std::fmt::Write as _;

use super::lines::thousands;

/// Bars of one colour, one at each label.
pub struct Series {
    /// What the legend calls them.
    pub name: &'static str,
    /// Their heights.
    pub values: Vec<f64>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
/// Room for the title and the legend.
const TOP: f64 = 56.0;
/// Room for the labels.
const BOTTOM: f64 = 32.0;
const COLOURS: [&str; 3] = ["#3b6ea5", "#e0903a", "#8a8f98"];

/// Draws a chart; each series has as many values as there are labels.
pub fn bars(title: &str, labels: &[String], series: &[Series]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" text-anchor=\"middle\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    text(&mut svg, (WIDTH / 2.0, 20.0), title);
    if series.len() > 1 {
        legend(&mut svg, series);
    }
    let tallest = series.iter().flat_map(|one| one.values.iter().copied());
    let tallest = tallest.fold(f64::MIN_POSITIVE, f64::max);
    let group = WIDTH / labels.len().max(1) as f64;
    let width = group * 0.7 / series.len().max(1) as f64;
    for (at, label) in labels.iter().enumerate() {
        let left = group * (at as f64 + 0.15);
        text(&mut svg, (group * (at as f64 + 0.5), HEIGHT - 12.0), label);
        for (which, one) in series.iter().enumerate() {
            let value = one.values.get(at).copied().unwrap_or_default();
            let height = (HEIGHT - TOP - BOTTOM - 16.0) * value / tallest;
            let corner = (left + width * which as f64, HEIGHT - BOTTOM - height);
            bar(&mut svg, corner, (width * 0.94, height), COLOURS[which % 3]);
            let over = (corner.0 + width * 0.47, corner.1 - 4.0);
            text(&mut svg, over, &shown(value));
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn shown(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        thousands(value)
    }
}

fn legend(svg: &mut String, series: &[Series]) {
    for (which, one) in series.iter().enumerate() {
        let left = 24.0 + 90.0 * which as f64;
        bar(svg, (left, 32.0), (10.0, 10.0), COLOURS[which % 3]);
        text(svg, (left + 42.0, 41.0), one.name);
    }
}

// Writing to a String cannot fail.

fn bar(svg: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), colour: &str) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), text: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_bar() {
        let series = ["a", "b"].map(|name| Series {
            name,
            values: vec![1.0, 2.0, 3.0],
        });
        let svg = bars("t", &["x", "y", "z"].map(str::to_owned), &series);
        assert_eq!(svg.matches("<rect").count(), 1 + 2 + 6);
        assert!(svg.contains(">z</text>") && !svg.contains("NaN"), "{svg}");
    }
}
