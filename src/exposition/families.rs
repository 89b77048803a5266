//! Families of metrics as Prometheus' library prints them.

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use super::catalog::{Family, Type};
use crate::metrics::Counts;

/// The families so far. Samples of one family come one after the other.
#[derive(Default)]
pub(super) struct Families(Vec<MetricFamily>);

impl Families {
    /// A family's only sample.
    pub(super) fn one(&mut self, family: &Family<0>, value: f64) {
        self.all(family, [([], value)]);
    }

    /// More samples of a family.
    pub(super) fn all<'v, const L: usize>(
        &mut self,
        family: &Family<L>,
        samples: impl IntoIterator<Item = ([&'v str; L], f64)>,
    ) {
        for (values, value) in samples {
            let metric = metric(family, values, value);
            self.family(family).mut_metric().push(metric);
        }
    }

    /// Every counter of a kind.
    pub(super) fn counts<const L: usize>(&mut self, family: &Family<L>, counts: &Counts<L>) {
        for (labels, count) in counts.iter() {
            let values = labels.each_ref().map(AsRef::as_ref);
            self.all(family, [(values, count as f64)]);
        }
    }

    pub(super) fn into_inner(self) -> Vec<MetricFamily> {
        self.0
    }

    fn family<const L: usize>(&mut self, of: &Family<L>) -> &mut MetricFamily {
        let at = self.0.iter().position(|family| family.name() == of.name);
        let at = at.unwrap_or_else(|| {
            let mut family = MetricFamily::default();
            family.set_name(of.name.to_owned());
            family.set_help(of.help.to_owned());
            family.set_field_type(match of.is {
                Type::Counter => MetricType::COUNTER,
                Type::Gauge => MetricType::GAUGE,
            });
            self.0.push(family);
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}

fn metric<const L: usize>(family: &Family<L>, values: [&str; L], value: f64) -> Metric {
    let labels = family.labels.iter().zip(values).map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value.to_owned());
        pair
    });
    let mut metric = Metric::from_label(labels.collect());
    match family.is {
        Type::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
        Type::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }
    metric
}
