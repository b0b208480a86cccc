//! Figures that are put together when somebody asks for them.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge, info::Info},
    registry::Unit,
};

/// The labels of a figure.
pub(super) type Labels<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// Writes figures down.
pub(super) struct Figures<'a>(pub(super) DescriptorEncoder<'a>);

/// A family of figures: what its name is below `headwater_`, and what it says.
#[derive(Clone, Copy)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// What stands behind the name.
    pub(super) unit: Option<&'static Unit>,
}

impl Figures<'_> {
    /// Something that goes up and down; nothing is written where there is no value.
    pub(super) fn gauges<'a>(
        &mut self,
        family: Family,
        values: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) -> fmt::Result {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let Family { name, help, unit } = family;
        let help = format!("{help}.");
        let mut gauges = self.0.encode_descriptor(name, &help, unit, MetricType::Gauge)?;
        for (labels, value) in values {
            ConstGauge::new(value).encode(gauges.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// The same for a single value without labels.
    pub(super) fn gauge(&mut self, family: Family, value: Option<f64>) -> fmt::Result {
        self.single(family, value.map(ConstGauge::new))
    }

    /// Something that only goes up.
    pub(super) fn counter(&mut self, family: Family, value: f64) -> fmt::Result {
        self.single(family, Some(ConstCounter::new(value)))
    }

    /// What a few words say, with the value 1.
    pub(super) fn info(&mut self, family: Family, labels: Option<Labels<'_>>) -> fmt::Result {
        self.single(family, labels.map(Info::new))
    }

    fn single(&mut self, family: Family, metric: Option<impl EncodeMetric>) -> fmt::Result {
        let Some(metric) = metric else { return Ok(()) };
        let Family { name, help, unit } = family;
        let help = format!("{help}.");
        metric.encode(self.0.encode_descriptor(name, &help, unit, metric.metric_type())?)
    }
}

/// One label.
pub(super) fn label<'a>(name: &'static str, value: impl Into<Cow<'a, str>>) -> Labels<'a> {
    vec![(name, value.into())]
}

/// A time as seconds since 1970.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

/// A number of things.
pub(super) fn number(count: u64) -> f64 {
    // Beyond 2^53 a figure is rounded, like all figures of Prometheus.
    #[expect(clippy::cast_precision_loss, reason = "all values of Prometheus are of this type")]
    let number = count as f64;
    number
}
