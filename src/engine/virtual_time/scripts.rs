//! What the sources and the pull distribution point of a story do, and when.

use std::ops::Range;

use crate::model::{Name, PullSourceSettings};

/// Minutes since the story began.
pub(super) type Minute = i64;

/// A source: what the site knows of it, and what it answers.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) priority: u32,
    /// When the site sees the content there.
    pub(super) reported: Range<Minute>,
    /// When it serves the content.
    pub(super) serves: Range<Minute>,
    /// How long a whole download takes.
    pub(super) takes: Minute,
    /// It breaks off so long after a download began, again and again.
    pub(super) breaks_after: Option<Minute>,
}

/// A source that has the content from a minute on, for good.
pub(super) fn from(minute: Minute, priority: u32) -> Source {
    let always = minute..Minute::MAX;
    Source { priority, reported: always.clone(), serves: always, takes: 10, breaks_after: None }
}

impl Source {
    pub(super) fn takes(self, takes: Minute) -> Self {
        Self { takes, ..self }
    }

    /// Serves at other times than the site believes.
    pub(super) fn serves(self, serves: Range<Minute>) -> Self {
        Self { serves, ..self }
    }

    pub(super) fn breaks_after(self, minutes: Minute) -> Self {
        Self { breaks_after: Some(minutes), ..self }
    }

    pub(super) fn settings(&self, name: &Name) -> PullSourceSettings {
        PullSourceSettings {
            priority: self.priority,
            distribution_point: name.clone(),
            url: format!("http://{name}.example"),
        }
    }
}

/// The pull distribution point.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// It answers notifications; outside of it nobody does.
    pub(super) reachable: Range<Minute>,
    /// How many other transfers it has, until a minute.
    pub(super) others: usize,
    pub(super) others_until: Minute,
    /// Whether what it reports reaches the site.
    pub(super) reports: bool,
}

impl Default for Point {
    fn default() -> Self {
        Self { reachable: 0..Minute::MAX, others: 0, others_until: 0, reports: true }
    }
}
