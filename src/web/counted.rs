//! What is counted while it happens: passes, actions, hooks. A count costs some nanoseconds, whether
//! anybody asks for it or not.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use crate::plan::ActionKind;

/// A label with one of a few words.
type ByWord = [(&'static str, &'static str); 1];

/// A label with the name of a kind or of a site.
type ByName = [(&'static str, String); 1];

/// What is counted.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) passes: Family<ByWord, Counter>,
    pass_duration: Histogram,
    actions: Family<[(&'static str, String); 2], Counter>,
    action_duration: Family<ByName, Histogram, fn() -> Histogram>,
    drift: Family<ByName, Counter>,
    received: Family<ByName, Counter>,
    pub(super) commits_refused: Counter,
    pub(super) hooks: Family<ByWord, Counter>,
}

/// From a look at a few site systems to the transfers of a night.
const PASS_BUCKETS: [f64; 11] =
    [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0];

/// Fewer, because there are as many histograms as kinds of actions.
const ACTION_BUCKETS: [f64; 7] = [0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 14400.0];

impl Default for Counted {
    fn default() -> Self {
        let buckets: fn() -> Histogram = || Histogram::new(ACTION_BUCKETS);
        Self {
            passes: Family::default(),
            pass_duration: Histogram::new(PASS_BUCKETS),
            actions: Family::default(),
            action_duration: Family::new_with_constructor(buckets),
            drift: Family::default(),
            received: Family::default(),
            commits_refused: Counter::default(),
            hooks: Family::default(),
        }
    }
}

impl Counted {
    /// Puts it into a registry.
    pub(super) fn register(&self, registry: &mut Registry) {
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "Which Headwater this is", Info::new(version));
        registry.register(
            "passes",
            "Passes of the controller, by how they ended",
            self.passes.clone(),
        );
        registry.register_with_unit(
            "pass_duration",
            "How long passes took",
            Unit::Seconds,
            self.pass_duration.clone(),
        );
        registry.register(
            "actions",
            "Actions, by kind and by how they ended",
            self.actions.clone(),
        );
        registry.register_with_unit(
            "action_duration",
            "How long actions took that were begun",
            Unit::Seconds,
            self.action_duration.clone(),
        );
        registry.register(
            "drift_actions",
            "Actions that a pass found to do although nothing was left to do for the same manifests \
             before, by kind",
            self.drift.clone(),
        );
        registry.register_with_unit(
            "content_received",
            "Bytes of packages that have become whole at the distribution points of a site",
            Unit::Bytes,
            self.received.clone(),
        );
        registry.register(
            "commits_refused",
            "Commits that were refused",
            self.commits_refused.clone(),
        );
        registry.register(
            "hooks",
            "Requests to the hook, by what came of them",
            self.hooks.clone(),
        );
    }

    pub(super) fn pass(&self, outcome: &'static str, took: Duration) {
        self.passes.get_or_create(&[("outcome", outcome)]).inc();
        self.pass_duration.observe(took.as_secs_f64());
    }

    /// An action has ended; how long it took, if it was begun.
    pub(super) fn action(
        &self,
        kind: Option<ActionKind>,
        outcome: &'static str,
        took: Option<Duration>,
    ) {
        let kind = kind.map_or_else(|| "Other".to_owned(), |kind| kind.to_string());
        let labels = [("kind", kind.clone()), ("outcome", outcome.to_owned())];
        self.actions.get_or_create(&labels).inc();
        if let Some(took) = took {
            self.action_duration.get_or_create(&[("kind", kind)]).observe(took.as_secs_f64());
        }
    }

    pub(super) fn drift(&self, kind: ActionKind, actions: u64) {
        self.drift.get_or_create(&[("kind", kind.to_string())]).inc_by(actions);
    }

    pub(super) fn received(&self, site: &str, bytes: u64) {
        self.received.get_or_create(&[("site", site.to_owned())]).inc_by(bytes);
    }
}
