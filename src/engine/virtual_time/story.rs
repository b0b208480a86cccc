//! One package on its way to one pull distribution point, minute by minute.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::scripts::{Minute, Point, Source};
use crate::{
    engine::{
        TransferCommand, TransferEvent, TransferJob, has_room,
        source_selection::{Choice, SourceSelection},
    },
    model::{Name, PullSourceSettings, TransferSettings},
};

/// A story: who takes part, what happened so far.
pub(super) struct Story {
    settings: TransferSettings,
    sources: BTreeMap<Name, Source>,
    pub(super) point: Point,
    seed: u64,
    /// The true time.
    minute: Minute,
    /// How far the clock that the machines are told is from it.
    clock: Minute,
    job: TransferJob,
    pulling: Option<Pulling>,
    has_it: bool,
    /// What happened, each with the true minute.
    told: Vec<(Minute, String)>,
}

/// What the pull distribution point does.
struct Pulling {
    selection: SourceSelection,
    /// The source and when it ends, well or not.
    downloading: Option<(Name, Minute, bool)>,
    waits_until: Option<Timestamp>,
}

impl Story {
    /// A story with these sources, named `a`, `b` and so on.
    pub(super) fn new(sources: &[Source]) -> Self {
        let names = (b'a'..=b'z').map(|letter| char::from(letter).to_string().parse().unwrap());
        Self {
            settings: TransferSettings::default(),
            sources: names.zip(sources.iter().cloned()).collect(),
            point: Point::default(),
            seed: 7,
            minute: 0,
            clock: 0,
            job: TransferJob::new(TransferSettings::default()),
            pulling: None,
            has_it: false,
            told: Vec::new(),
        }
    }

    pub(super) fn with_settings(self, settings: TransferSettings) -> Self {
        Self { job: TransferJob::new(settings.clone()), settings, ..self }
    }

    pub(super) fn with_point(self, point: Point) -> Self {
        Self { point, ..self }
    }

    pub(super) fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Lets time pass until the end of a minute. Everybody is woken every minute, whether they have
    /// asked for it or not: what comes too early must change nothing.
    pub(super) fn until(&mut self, minute: Minute) -> &mut Self {
        while self.minute <= minute {
            if self.minute == 0 && self.told.is_empty() {
                self.happens(TransferEvent::Distribute);
            }
            self.pull();
            self.happens(TransferEvent::TimeReached);
            self.pull();
            self.minute += 1;
        }
        self
    }

    /// Puts the clock forward, or back.
    pub(super) fn clock_moves(&mut self, by: Minute) -> &mut Self {
        self.clock += by;
        self
    }

    /// The site's process starts anew, and the plan has it distribute the package again.
    pub(super) fn site_restarts(&mut self) -> &mut Self {
        self.job = TransferJob::new(self.settings.clone());
        self.happens(TransferEvent::Distribute);
        self
    }

    /// The pull distribution point starts anew: it has its record of the transfer, nothing else.
    pub(super) fn point_restarts(&mut self) -> &mut Self {
        let pulled = self.pulling.is_some();
        self.seed += 1;
        self.pulling = pulled.then(|| self.new_pull());
        self
    }

    pub(super) fn cancelled(&self) -> bool {
        self.job.cancelled()
    }

    pub(super) fn has_it(&self) -> bool {
        self.has_it
    }

    /// What happened, as `minute what`.
    pub(super) fn told(&self) -> Vec<String> {
        self.told.iter().map(|(minute, what)| format!("{minute} {what}")).collect()
    }

    /// In which minutes this happened.
    pub(super) fn minutes(&self, what: &str) -> Vec<Minute> {
        let those = self.told.iter().filter(|(_, it)| it == what);
        those.map(|(minute, _)| *minute).collect()
    }

    /// All that the pull distribution point asked, in order: when, and whom.
    pub(super) fn asked(&self) -> Vec<(Minute, &str)> {
        let told = self.told.iter();
        told.filter_map(|(minute, what)| Some((*minute, what.strip_prefix("ask ")?))).collect()
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(10_000_000 + self.minute + self.clock)
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.told.push((self.minute, what.into()));
    }

    /// Something happens to the job; what it wants done is done at once.
    fn happens(&mut self, event: TransferEvent) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for command in self.job.handle(event, self.now()) {
                match command {
                    TransferCommand::Look => {
                        self.tell("look");
                        let mut sources = self.sources.values();
                        let available = sources.any(|it| it.reported.contains(&self.minute));
                        events.push_back(TransferEvent::Looked { available });
                    }
                    TransferCommand::Notify => {
                        self.tell("notify");
                        events.push_back(self.notified());
                    }
                    TransferCommand::Poll => {
                        self.tell("poll");
                        events.push_back(if self.has_it {
                            TransferEvent::Finished
                        } else {
                            TransferEvent::StillPulling
                        });
                    }
                    TransferCommand::Message(id, _) => self.tell(id.to_string()),
                    TransferCommand::SetTimer(..) => {}
                    TransferCommand::Complete => self.tell("complete"),
                    TransferCommand::Cancelled(_) => self.tell("cancelled"),
                }
            }
        }
    }

    fn notified(&mut self) -> TransferEvent {
        if !self.point.reachable.contains(&self.minute) {
            return TransferEvent::NotificationFailed("it does not answer".to_owned());
        }
        if let Some(pulling) = &mut self.pulling {
            // A transfer that waits takes a new notification as news.
            if pulling.downloading.is_none() {
                pulling.selection.start_over();
            }
            return TransferEvent::Notified;
        }
        let others = if self.minute < self.point.others_until { self.point.others } else { 0 };
        if !has_room(others) {
            return TransferEvent::AtCapacity("it is full".to_owned());
        }
        self.pulling = Some(self.new_pull());
        TransferEvent::Notified
    }

    fn new_pull(&self) -> Pulling {
        let sources: Vec<PullSourceSettings> =
            self.sources.iter().map(|(name, source)| source.settings(name)).collect();
        let selection = SourceSelection::new(&sources, self.seed);
        Pulling { selection, downloading: None, waits_until: None }
    }

    /// What the pull distribution point does in this minute.
    fn pull(&mut self) {
        let now = self.now();
        loop {
            let Some(pulling) = &mut self.pulling else { return };
            if let Some((source, ends, well)) = pulling.downloading.clone() {
                if self.minute < ends {
                    return;
                }
                pulling.downloading = None;
                if well {
                    return self.finish();
                }
                pulling.selection.lacks(&source, "it broke off");
                continue;
            }
            match pulling.selection.choose(now) {
                Choice::Try(source) => {
                    pulling.waits_until = None;
                    let name = source.distribution_point;
                    let script = &self.sources[&name];
                    if script.serves.contains(&self.minute) {
                        let breaks = script.breaks_after.filter(|after| *after < script.takes);
                        let ends = self.minute + breaks.unwrap_or(script.takes);
                        pulling.downloading = Some((name.clone(), ends, breaks.is_none()));
                    } else {
                        pulling.selection.lacks(&name, "it does not have it");
                    }
                    self.tell(format!("ask {name}"));
                }
                Choice::Wait { until, .. } => {
                    if pulling.waits_until.replace(until) != Some(until) {
                        let minutes =
                            (until - now).get_minutes() + (until - now).get_seconds() / 60;
                        self.tell(format!("nobody has it, wait {minutes}"));
                    }
                    return;
                }
            }
        }
    }

    fn finish(&mut self) {
        self.pulling = None;
        self.has_it = true;
        self.tell("the point has it");
        if self.point.reports {
            self.happens(TransferEvent::Finished);
        }
    }
}
