//! A package on its way to a distribution point.

use std::borrow::Cow;

use crate::{
    engine::{DistributionJob, Ticket, TransferJob, source_selection::SourceSelection},
    simulate::{
        at::At,
        network::{Limit, NOBODY},
    },
};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WaitKind {
    /// Its turn at its sources.
    Turn,
    /// Until a source has the content: the manager looks again every 20 minutes (PDP-5).
    Look,
    /// Until the distribution point takes the notification (PDP-5).
    Notification,
    /// Until it asks its sources again, after half an hour (PDP-7).
    Sources,
    /// Its open hours.
    Hours,
    /// Until it is sent again after a failure.
    Retry,
    /// A place among those to which a package is sent, or among the packages that are.
    Place,
    /// An answer of a machine that does not answer.
    Answer,
}

impl WaitKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Turn,
        Self::Look,
        Self::Notification,
        Self::Sources,
        Self::Hours,
        Self::Retry,
        Self::Place,
        Self::Answer,
    ];
}

/// What is remembered of a transfer that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// When it was wanted.
    pub(super) asked: At,
    /// When the first byte came.
    pub(super) began: At,
    /// When it was complete; never, if it was not.
    pub(super) finished: At,
    /// The distribution point it came from last, or [`NOBODY`]: its site server.
    pub(super) source: u32,
    /// What held it up for the longest time while it flowed.
    pub(super) limit: Limit,
    /// Nanoseconds of each kind of waiting.
    pub(super) waited: [u64; WaitKind::ALL.len()],
}

impl Record {
    pub(super) fn new(asked: At) -> Self {
        Self {
            asked,
            began: At::NEVER,
            finished: At::NEVER,
            source: NOBODY,
            limit: Limit::Sender,
            waited: [0; WaitKind::ALL.len()],
        }
    }
}

/// Who manages a job.
#[derive(Debug)]
pub(super) enum Manager {
    /// Package Transfer Manager.
    Transfer(TransferJob),
    /// Distribution Manager.
    Distribution(DistributionJob),
}

/// What the receiving side does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It has not been told yet.
    Nothing,
    /// It waits for an answer of a source.
    Asking,
    /// Bytes come, or would if they came at its source.
    Downloading,
    /// No source has the content.
    Waiting,
}

/// A package on its way to a distribution point.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) package: u32,
    pub(super) point: u32,
    pub(super) action: u32,
    pub(super) manager: Manager,
    pub(super) selection: Option<SourceSelection>,
    pub(super) doing: Doing,
    pub(super) source: u32,
    pub(super) flow: u32,
    /// Until when a source is asked again to which the package is still coming.
    pub(super) patience: At,
    pub(super) turn: Option<Ticket>,
    /// Whether its action waits for it no longer.
    pub(super) settled: bool,
    /// Stamps of the events that are meant.
    pub(super) manager_stamp: u64,
    pub(super) point_stamp: u64,
    /// What it waits for, and since when.
    pub(super) waits: Option<(WaitKind, At)>,
    /// Why it does not go on, or would not.
    pub(super) why: Cow<'static, str>,
    pub(super) record: Record,
}

impl Job {
    pub(super) fn new(
        (package, point, action): (u32, u32, u32),
        manager: Manager,
        now: At,
    ) -> Self {
        Self {
            package,
            point,
            action,
            manager,
            selection: None,
            doing: Doing::Nothing,
            source: NOBODY,
            flow: NOBODY,
            patience: At::BEGIN,
            turn: None,
            settled: false,
            manager_stamp: 0,
            point_stamp: 0,
            waits: None,
            why: Cow::default(),
            record: Record::new(now),
        }
    }

    pub(super) fn pulls(&self) -> bool {
        matches!(self.manager, Manager::Transfer(_))
    }

    /// It waits for something from now on.
    pub(super) fn wait_for(&mut self, kind: WaitKind, now: At) {
        self.go_on(now);
        self.waits = Some((kind, now));
    }

    /// It waits no longer.
    pub(super) fn go_on(&mut self, now: At) {
        if let Some((kind, since)) = self.waits.take() {
            self.record.waited[kind as usize] += now.since(since);
        }
    }
}

/// The jobs that have not ended, by numbers that are used again.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    all: Vec<Option<Job>>,
    free: Vec<u32>,
}

impl Jobs {
    pub(super) fn add(&mut self, job: Job) -> u32 {
        if let Some(number) = self.free.pop() {
            self.all[number as usize] = Some(job);
            return number;
        }
        self.all.push(Some(job));
        crate::simulate::numbers::short(self.all.len() - 1)
    }

    pub(super) fn get(&self, number: u32) -> Option<&Job> {
        self.all.get(number as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Job> {
        self.all.get_mut(number as usize)?.as_mut()
    }

    pub(super) fn take(&mut self, number: u32) -> Option<Job> {
        let job = self.all.get_mut(number as usize)?.take();
        if job.is_some() {
            self.free.push(number);
        }
        job
    }

    /// The numbers of those that are there, ascending.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let there = self.all.iter().enumerate().filter(|(_, job)| job.is_some());
        there.map(|(number, _)| crate::simulate::numbers::short(number)).collect()
    }
}
