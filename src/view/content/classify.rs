//! How one package stands at one distribution point.

use super::{
    points::{Point, Seen},
    row::{ContentState, Placement},
};
use crate::model::{
    ContentFacts, Digest, Name, PackageId, PullJob, PullJobState, SiteCode, TransferNote,
    TransferPhase, without_secrets,
};

/// What shall be at a distribution point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nobody named manifests.
    NotTold,
    /// Nothing of the package.
    Nothing,
    /// This version, and this content of it where the site's own is known.
    Content { version: u32, digest: Option<Digest> },
}

impl Wish {
    /// Whether a content is what is wished for, or could be.
    pub(super) fn is_met_by(self, facts: &ContentFacts) -> bool {
        match self {
            Self::NotTold => true,
            Self::Nothing => false,
            Self::Content { version, digest } => {
                facts.version == version && digest.is_none_or(|digest| digest == facts.digest)
            }
        }
    }
}

/// What is known of a package at a distribution point.
pub(super) struct Known<'a> {
    pub(super) package: &'a PackageId,
    pub(super) wish: Wish,
    /// What the library holds, and how many files of it are missing or damaged.
    pub(super) held: Option<(ContentFacts, u64)>,
    /// What the point fetches when a client first asks for it.
    pub(super) on_demand: Option<ContentFacts>,
    pub(super) note: Option<&'a TransferNote>,
    /// The size of the content at the site server.
    pub(super) size: Option<u64>,
}

/// A package on a distribution point of which nothing is known yet.
fn blank(package: &PackageId, point: &Name, site: &SiteCode) -> Placement {
    Placement {
        package: package.clone(),
        version: 0,
        distribution_point: point.clone(),
        site: site.clone(),
        state: ContentState::Missing,
        bytes_done: None,
        bytes_total: None,
        rate: None,
        seconds_left: None,
        source: None,
        next_try: None,
        since: None,
        attempts: None,
        reason: None,
    }
}

/// The placement that a transfer is about.
pub(super) fn of_job(
    package: &PackageId,
    point: &Name,
    site: &SiteCode,
    job: &PullJob,
    note: Option<&TransferNote>,
) -> Placement {
    let mut row = Placement { version: job.version, ..blank(package, point, site) };
    Known { note, ..Known::nothing_of(package) }.on_its_way(job, &mut row);
    without_secrets_in(row)
}

/// The placement that a transfer job is about whose point has not been notified yet.
pub(super) fn of_note(note: &TransferNote) -> Placement {
    let package = &note.package;
    let mut row = Placement { version: note.version, ..blank(package, &note.point, &note.site) };
    Known { note: Some(note), ..Known::nothing_of(package) }.noted(&mut row);
    without_secrets_in(row)
}

impl<'a> Known<'a> {
    fn nothing_of(package: &'a PackageId) -> Self {
        Self { package, wish: Wish::NotTold, held: None, on_demand: None, note: None, size: None }
    }

    /// The placement; `None` if there is nothing to say of it.
    pub(super) fn at(&self, point: &Point<'_>) -> Option<Placement> {
        let mut row =
            Placement { bytes_total: self.size, ..blank(self.package, point.name, point.site) };
        row.version = match (self.wish, point.job(self.package), self.held, self.note) {
            (Wish::Content { version, .. }, ..) => version,
            (_, Some(job), ..) => job.version,
            (_, _, Some((facts, _)), _) => facts.version,
            (_, _, _, Some(note)) => note.version,
            (_, None, None, None) => self.on_demand?.version,
        };
        if let Seen::Unknown(why) = point.seen {
            row.state = ContentState::Unknown;
            row.reason = Some(format!("its site system cannot be asked: {why}"));
            return Some(without_secrets_in(row));
        }
        if let Some(job) = point.job(self.package) {
            self.on_its_way(job, &mut row);
        } else if let Some((facts, damaged)) = self.held {
            self.held(facts, damaged, point, &mut row);
        } else if self.wish == Wish::Nothing {
            return None;
        } else {
            self.missing(point, &mut row);
        }
        Some(without_secrets_in(row))
    }

    fn on_its_way(&self, job: &PullJob, row: &mut Placement) {
        row.since = job.since;
        row.attempts = (job.attempts > 0).then_some(job.attempts);
        row.reason = job.last_failure.as_ref().map(|why| format!("given up before: {why}"));
        if job.bytes_total > 0 {
            row.bytes_total = Some(job.bytes_total);
            row.bytes_done = Some(job.bytes_here());
        }
        match &job.state {
            PullJobState::Downloading(source) => {
                row.state = ContentState::Downloading;
                row.source = Some(source.clone());
                row.rate = job.rate;
                row.seconds_left = job.seconds_left();
            }
            PullJobState::WaitingForSource { until, reasons } => {
                row.state = ContentState::WaitingForSource;
                row.next_try = Some(*until);
                row.reason = Some(reasons.join("; "));
            }
            PullJobState::Stopped(why) => {
                row.state = ContentState::Stopped;
                row.reason = Some(why.clone());
            }
        }
        if self.wish == Wish::Nothing {
            add_reason(row, "it is not wanted by the manifests");
        }
        if let Some(note) = self.note
            && note.phase == TransferPhase::Cancelled
            && note.digest == job.digest
        {
            add_reason(row, &format!("the transfer job was cancelled: {}", note.why));
        }
    }

    fn held(&self, facts: ContentFacts, damaged: u64, point: &Point<'_>, row: &mut Placement) {
        row.bytes_total = Some(facts.bytes);
        if self.wish == Wish::Nothing {
            row.state = ContentState::NotWanted;
            row.bytes_done = (damaged == 0).then_some(facts.bytes);
        } else if !self.wish.is_met_by(&facts) {
            row.state = ContentState::Outdated;
            row.bytes_total = self.size;
            row.reason = Some(if facts.version == row.version {
                format!("the content of version {} differs from the site's", facts.version)
            } else {
                format!("version {} is there", facts.version)
            });
            self.noted(row);
        } else if damaged > 0 {
            row.state = ContentState::Damaged;
            if let Seen::Present(_, since) = point.seen {
                row.since = since.damaged.get(self.package).copied();
            }
            let files = if damaged == 1 { "file is" } else { "files are" };
            row.reason = Some(format!("{damaged} {files} missing or damaged"));
            self.noted(row);
        } else {
            row.state = ContentState::Available;
            row.bytes_done = Some(facts.bytes);
        }
    }

    fn missing(&self, point: &Point<'_>, row: &mut Placement) {
        let absent = matches!(point.seen, Seen::Absent);
        row.bytes_done = self.size.map(|_| 0);
        if point.on_demand && !absent {
            self.on_demand(point, row);
        } else {
            row.reason = self.why_missing(point, absent).map(str::to_owned);
        }
        if !absent {
            self.noted(row);
        }
    }

    /// Why nothing of it is there, unless a note tells.
    fn why_missing(&self, point: &Point<'_>, absent: bool) -> Option<&'static str> {
        if absent {
            Some("the distribution point is not there yet")
        } else if point.prestaged {
            Some("it waits for prestaged content (PDP-9)")
        } else if self.note.is_some() {
            None
        } else if point.pulls {
            Some("it has not been notified yet")
        } else {
            Some("the site server has not sent it yet")
        }
    }

    /// It comes when a client asks for it, or has asked.
    fn on_demand(&self, point: &Point<'_>, row: &mut Placement) {
        if let Some(at) = point.requested(self.package) {
            row.since = Some(at);
            let waits = self.why_missing(point, false);
            let waits = waits.map(|why| format!(": {why}")).unwrap_or_default();
            row.reason = Some(format!("a client asked for it at {at}{waits}"));
        } else if self.on_demand.is_some_and(|offered| self.wish.is_met_by(&offered)) {
            row.state = ContentState::OnDemand;
            row.reason = Some("it waits for the first request of a client".to_owned());
        } else {
            row.reason = Some("it has not been told yet that a client may ask for it".to_owned());
        }
    }

    /// What Package Transfer Manager does about it.
    fn noted(&self, row: &mut Placement) {
        let Some(note) = self.note else { return };
        let goes_on = matches!(
            note.phase,
            TransferPhase::Looking | TransferPhase::Notifying | TransferPhase::Sending
        );
        if goes_on && note.due.is_some() && row.state == ContentState::Missing {
            row.state = ContentState::WaitingForTime;
        }
        row.next_try = note.due;
        row.since = row.since.or(Some(note.since));
        row.attempts = (note.tries > 0).then_some(note.tries);
        if !note.why.is_empty() {
            let before = if note.phase == TransferPhase::Cancelled {
                "the transfer job was cancelled: "
            } else {
                ""
            };
            add_reason(row, &format!("{before}{}", note.why));
        }
    }
}

/// Reasons quote what other computers say: what their URLs hide stays hidden, in JSON too.
fn without_secrets_in(row: Placement) -> Placement {
    let reason = row.reason.map(|reason| without_secrets(&reason).into_owned());
    Placement { reason, ..row }
}

fn add_reason(row: &mut Placement, more: &str) {
    row.reason = Some(match row.reason.take() {
        Some(reason) => format!("{reason}; {more}"),
        None => more.to_owned(),
    });
}
