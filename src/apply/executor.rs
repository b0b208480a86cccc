//! Runs the actions of a plan as a dependency graph.

use std::{collections::HashMap, mem::take, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use tokio::{
    sync::{mpsc::UnboundedSender, watch},
    task::{self, JoinSet},
};

use crate::{
    blocking::{Interrupted, blocking},
    clock,
    error_text::with_causes,
    model::{ClosedSite, Hierarchy, RunId},
    net::{Trust, trace},
    observe::Agents,
    plan::{Action, ActionId, ActionKind, Plan, planned_documents},
    store::{Journal, NewRun, PackedText, Step, StoreError},
    view::counted,
};

use super::{
    ApplyEvent, ApplyReport, Machines, Origin, Outcome, Removals, actions::carry_out, graph::Graph,
};

/// How many actions are under way at the same time. Most of them wait for another computer.
const AT_ONCE: usize = 16;

/// To how many pull distribution points together actions bring content that are under way beside these:
/// they only follow what those points do, whose turns at their sources are the limit. Who is behind
/// another one in a tree of sources has to begin with it, or nothing cuts through.
const FOLLOWED_AT_ONCE: usize = 10_000;

/// A plan was not carried out at all.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It removes something, and nobody has confirmed that.
    #[error(
        "the plan removes {}, first {first}: look at it with `headwater plan`, then confirm with \
         --prune",
        counted(*count, "thing")
    )]
    PruneNotConfirmed {
        /// How many actions remove something.
        count: usize,
        /// The first of them.
        first: ActionId,
    },
    /// Sites may not be changed now, and it was to be carried out exactly.
    #[error(
        "{} outside of maintenance windows, first {first}: {closed}; --outside-windows does it all the \
         same",
        if *count == 1 { "an action would be done".to_owned() }
        else { format!("{count} actions would be done") }
    )]
    OutsideWindows {
        /// How many actions cannot begin now.
        count: usize,
        /// The first of them.
        first: ActionId,
        /// Why it cannot.
        closed: ClosedSite,
    },
    /// The journal cannot be written: then nothing is done that it could not tell of.
    #[error("failed to write the journal")]
    Journal(#[from] StoreError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Everything that carrying out a plan needs.
#[derive(Clone)]
pub struct Apply {
    /// The hierarchy that the plan was made for.
    pub hierarchy: Arc<Hierarchy>,
    /// Its agents.
    pub agents: Arc<Agents>,
    /// The roots that certificates are verified against.
    pub trust: Trust,
    /// The engine's machines.
    pub machines: Arc<Machines>,
    /// Where every step is written down.
    pub journal: Arc<Journal>,
    /// What set it in motion, and for which manifests.
    pub origin: Origin,
    /// What happens to what is not wanted any more.
    pub removals: Removals,
    /// Who hears of what happens.
    pub events: UnboundedSender<ApplyEvent>,
    /// Whether something else is wanted now: then nobody waits any more for what goes on by itself.
    pub hurry: watch::Receiver<bool>,
}

impl Apply {
    /// Waits until something else is wanted.
    pub(super) async fn hurried(&self) {
        if self.hurry.clone().wait_for(|hurry| *hurry).await.is_err() {
            // Nobody is there any more who could say so.
            std::future::pending::<()>().await;
        }
    }
}

/// Carries out a plan: each action once all that it comes after are done. What depends on an
/// action that was not done is skipped; the rest goes on.
///
/// # Errors
///
/// Nothing was done: removals are refused, or the journal cannot be written.
pub async fn apply(apply: &Apply, plan: &Plan) -> Result<ApplyReport, ApplyError> {
    if apply.removals == Removals::Refused {
        refuse_removals(plan)?;
    }
    apply.machines.refit(&apply.hierarchy, plan);
    let run = begin(apply, plan).await?;
    // Nobody has to listen.
    let _ = apply.events.send(ApplyEvent::Begun { actions: plan.actions.len() });
    let report = Execution::new(apply, plan, run).run().await;
    let converged = report.all_done() && plan.complete;
    let journal = apply.journal.clone();
    in_journal(move || journal.finish(run, converged, clock::now())).await?;
    Ok(report)
}

async fn begin(apply: &Apply, plan: &Plan) -> Result<RunId, ApplyError> {
    let (journal, cause) = (apply.journal.clone(), apply.origin.cause(apply.removals));
    let (manifest, observed) = (plan.manifest_digest, plan.observed_digest);
    let (planned, manifests) = (plan.actions.len(), apply.origin.manifests.clone());
    let text = json(plan);
    in_journal(move || {
        let plan = PackedText::pack(&text);
        let manifests = manifests.map(|it| PackedText::pack(&json(&planned_documents(&it))));
        let run = NewRun { cause, manifest, observed, planned, plan, manifests };
        journal.begin(&run, clock::now())
    })
    .await
}

/// What the journal keeps as a text.
fn json(value: &impl Serialize) -> String {
    // Names, numbers, texts and values that were JSON before: nothing of it can fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Refuses a plan that removes something.
///
/// # Errors
///
/// It does.
pub fn refuse_removals(plan: &Plan) -> Result<(), ApplyError> {
    let mut removals = plan.actions.iter().filter(|action| action.kind.removes());
    match removals.next() {
        None => Ok(()),
        Some(first) => {
            let first = first.id.clone();
            Err(ApplyError::PruneNotConfirmed { count: 1 + removals.count(), first })
        }
    }
}

/// Refuses a plan of which an action cannot begin at a time, because no maintenance window is open.
///
/// # Errors
///
/// There is one.
pub fn refuse_outside_windows(
    plan: &Plan,
    hierarchy: &Hierarchy,
    now: Timestamp,
) -> Result<(), ApplyError> {
    let windows = hierarchy.windows_at(now);
    let actions = plan.actions.iter();
    let mut closed = actions.filter_map(|it| Some((&it.id, windows.closed(&it.site, it.kind)?)));
    match closed.next() {
        None => Ok(()),
        Some((first, why)) => {
            let (count, first) = (1 + closed.count(), first.clone());
            Err(ApplyError::OutsideWindows { count, first, closed: why })
        }
    }
}

/// Whether an action brings content only to points that pull it themselves.
fn only_pulls(apply: &Apply, action: &Action) -> bool {
    let pulls = |target| {
        let point = apply.hierarchy.distribution_points.get(target);
        point.is_some_and(|point| point.settings.pulls())
    };
    let kinds = [ActionKind::DistributeContent, ActionKind::UpdateContent];
    kinds.contains(&action.kind) && !action.targets.is_empty() && action.targets.iter().all(pulls)
}

struct Execution<'a> {
    apply: &'a Apply,
    run: RunId,
    graph: Graph<'a>,
    running: JoinSet<Outcome>,
    /// How many of them only follow, and how many points these follow together.
    following: usize,
    followed: usize,
    /// Which action a task carries out.
    tasks: HashMap<task::Id, usize>,
    /// Those that have ended, when, and those that may begin: the journal is told of both first.
    ended: Vec<(usize, Outcome, Timestamp)>,
    beginning: Vec<usize>,
    report: ApplyReport,
}

impl<'a> Execution<'a> {
    fn new(apply: &'a Apply, plan: &'a Plan, run: RunId) -> Self {
        Self {
            apply,
            run,
            graph: Graph::new(&plan.actions, |action| only_pulls(apply, action)),
            running: JoinSet::new(),
            following: 0,
            followed: 0,
            tasks: HashMap::new(),
            ended: Vec::new(),
            beginning: Vec::new(),
            report: ApplyReport::default(),
        }
    }

    async fn run(mut self) -> ApplyReport {
        loop {
            self.choose();
            self.write_down().await;
            if !self.ended.is_empty() {
                continue;
            }
            let Some(joined) = self.running.join_next_with_id().await else { break };
            self.joined(joined);
            // Whoever has ended meanwhile is written down with it.
            while let Some(joined) = self.running.try_join_next_with_id() {
                self.joined(joined);
            }
        }
        self.report
    }

    /// Lets begin what may.
    fn choose(&mut self) {
        while self.running.len() + self.beginning.len() - self.following < AT_ONCE
            && let Some(index) = self.graph.next()
        {
            self.begin(index);
        }
        while self.followed < FOLLOWED_AT_ONCE
            && let Some(index) = self.graph.next_to_follow()
        {
            self.begin(index);
        }
    }

    fn joined(&mut self, joined: Result<(task::Id, Outcome), task::JoinError>) {
        let (task, outcome) = match joined {
            Ok(ended) => ended,
            Err(error) => {
                (error.id(), Outcome::Failed(format!("a defect of this program: {error}")))
            }
        };
        if let Some(index) = self.tasks.remove(&task) {
            self.is_over(index, outcome);
        }
    }

    fn begin(&mut self, index: usize) {
        let action = self.graph.action(index);
        if action.kind.removes() && self.apply.removals == Removals::LeftOut {
            return self.finish(index, Outcome::Unconfirmed);
        }
        // The window may have closed since it was planned: then nothing new begins.
        let closed =
            self.apply.hierarchy.windows_at(clock::now()).closed(&action.site, action.kind);
        if let Some(closed) = closed {
            let until = closed.next.as_ref().map_or(Timestamp::MAX, |(_, opening)| *opening);
            return self.finish(index, Outcome::Waiting { until, why: closed.to_string() });
        }
        if self.graph.follows(index) {
            self.following += 1;
            self.followed += action.targets.len();
        }
        self.beginning.push(index);
    }

    /// One that has begun, or was about to, is under way no longer.
    fn is_over(&mut self, index: usize, outcome: Outcome) {
        if self.graph.follows(index) {
            self.following -= 1;
            self.followed -= self.graph.action(index).targets.len();
        }
        self.finish(index, outcome);
    }

    /// An action has ended, and what comes after one that was not done is skipped.
    fn finish(&mut self, index: usize, outcome: Outcome) {
        let now = clock::now();
        let mut ended = vec![(index, outcome)];
        while let Some((index, outcome)) = ended.pop() {
            if matches!(outcome, Outcome::Done(_)) {
                self.graph.done(index);
            } else {
                let id = &self.graph.action(index).id;
                let skipped = self.graph.not_done(index);
                ended.extend(skipped.into_iter().map(|next| (next, Outcome::Skipped(id.clone()))));
            }
            self.ended.push((index, outcome, now));
        }
    }

    /// Notes in the journal which actions have ended and which begin, all at once; then these begin.
    async fn write_down(&mut self) {
        let (ended, beginning) = (take(&mut self.ended), take(&mut self.beginning));
        if ended.is_empty() && beginning.is_empty() {
            return;
        }
        let id = |index: &usize| self.graph.action(*index).id.to_string();
        let now = clock::now();
        let ends = ended.iter().map(|(index, outcome, at)| {
            let end = Some((outcome.word(), outcome.detail()));
            Step { action: id(index), at: *at, end }
        });
        let begins = beginning.iter().map(|index| Step { action: id(index), at: now, end: None });
        let steps: Vec<_> = ends.chain(begins).collect();
        let (journal, run) = (self.apply.journal.clone(), self.run);
        let written = in_journal(move || journal.note(run, &steps)).await;
        let failed = written.err().map(|error| with_causes(&error));
        for (index, outcome, at) in ended {
            let id = &self.graph.action(index).id;
            if let Some(error) = &failed {
                // The action is done all the same; the next look at the site systems tells.
                tracing::error!(action = %id, error, "failed to write the journal");
            }
            tracing::info!(action = %id, outcome = outcome.word(), "an action has ended");
            self.tell(ApplyEvent::Finished(id.clone(), outcome.clone()));
            self.report.ended_at.insert(id.clone(), at);
            self.report.outcomes.insert(id.clone(), outcome);
        }
        for index in beginning {
            match &failed {
                None => self.start(index),
                Some(error) => {
                    let why = format!("failed to write the journal: {error}");
                    self.is_over(index, Outcome::Failed(why));
                }
            }
        }
    }

    fn start(&mut self, index: usize) {
        let action = self.graph.action(index);
        tracing::info!(action = %action.id, "an action begins");
        self.tell(ApplyEvent::Started(action.id.clone()));
        let (apply, action) = (self.apply.clone(), action.clone());
        let carried = async move { carry_out(&apply, &action).await };
        let task = self.running.spawn(trace::carried(carried));
        self.tasks.insert(task.id(), index);
    }

    fn tell(&self, event: ApplyEvent) {
        // Nobody has to listen.
        let _ = self.apply.events.send(event);
    }
}

async fn in_journal<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApplyError> {
    blocking(move || Ok(work()?)).await
}
