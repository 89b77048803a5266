//! What an audit found, by kind.

use std::collections::BTreeMap;
use std::fmt;

use super::Drift;

/// Drift of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How often.
    pub found: usize,
    /// How often it is there still, after mending.
    pub left: usize,
    /// Some of it.
    pub examples: Vec<String>,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Drift by kind.
    pub findings: BTreeMap<String, Finding>,
    /// What could not be compared or mended, and why.
    pub notes: Vec<String>,
}

/// Examples shown of each kind.
const EXAMPLES: usize = 5;

impl Report {
    /// How much drift there was in all.
    #[must_use]
    pub fn drift(&self) -> usize {
        self.findings.values().map(|finding| finding.found).sum()
    }

    /// How much of it could not be mended.
    #[must_use]
    pub fn unmended(&self) -> usize {
        self.findings.values().map(|finding| finding.left).sum()
    }

    pub(super) fn found(&mut self, drift: &[Drift]) {
        for Drift { kind, line, .. } in drift {
            let finding = self.findings.entry(kind.clone()).or_default();
            finding.found += 1;
            if finding.examples.len() < EXAMPLES {
                finding.examples.push(line.clone());
            }
        }
    }

    pub(super) fn left(&mut self, drift: &[Drift]) {
        for Drift { kind, .. } in drift {
            self.findings.entry(kind.clone()).or_default().left += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, finding) in &self.findings {
            writeln!(f, "{kind}: {}", finding.found)?;
            for example in &finding.examples {
                writeln!(f, "  {example}")?;
            }
            if finding.found > finding.examples.len() {
                writeln!(f, "  …")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}
