//! Runs the actions of a plan as a dependency graph.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc::UnboundedSender, task::JoinSet};

use crate::{
    clock,
    error_text::with_causes,
    model::Hierarchy,
    observe::Agents,
    plan::{Action, ActionId, Plan},
    store::{Journal, RunId, StoreError},
};

use super::{ApplyEvent, ApplyReport, Machines, Outcome, Removals, Trigger, actions::carry_out};

/// How many actions are under way at the same time. Most of them wait for another computer.
const AT_ONCE: usize = 16;

/// A plan was not carried out at all.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It removes something, and nobody has confirmed that.
    #[error(
        "the plan removes {count} things, first {first}: look at them with `headwater plan`, then \
         confirm with --prune"
    )]
    PruneNotConfirmed {
        /// How many actions remove something.
        count: usize,
        /// The first of them.
        first: ActionId,
    },
    /// The journal cannot be written: then nothing is done that it could not tell of.
    #[error("failed to write the journal")]
    Journal(#[from] StoreError),
}

/// Everything that carrying out a plan needs.
#[derive(Clone)]
pub struct Apply {
    /// The hierarchy that the plan was made for.
    pub hierarchy: Arc<Hierarchy>,
    /// Its agents.
    pub agents: Arc<Agents>,
    /// The engine's machines.
    pub machines: Arc<Machines>,
    /// Where every step is written down.
    pub journal: Arc<Journal>,
    /// Who set it in motion.
    pub trigger: Trigger,
    /// What happens to what is not wanted any more.
    pub removals: Removals,
    /// Who hears of what happens.
    pub events: UnboundedSender<ApplyEvent>,
}

/// Carries out a plan: each action once all that it comes after are done. What depends on an
/// action that was not done is skipped; the rest goes on.
///
/// # Errors
///
/// Nothing was done: removals are refused, or the journal cannot be written.
pub async fn apply(apply: &Apply, plan: &Plan) -> Result<ApplyReport, ApplyError> {
    if apply.removals == Removals::Refused {
        let mut removals = plan.actions.iter().filter(|action| action.kind.removes());
        if let Some(first) = removals.next() {
            let first = first.id.clone();
            return Err(ApplyError::PruneNotConfirmed { count: 1 + removals.count(), first });
        }
    }
    apply.machines.refit(&apply.hierarchy);
    let run = {
        let journal = apply.journal.clone();
        let (manifest, observed) = (plan.manifest_digest, plan.observed_digest);
        blocking(move || journal.begin(manifest, observed, clock::now())).await?
    };
    // Nobody has to listen.
    let _ = apply.events.send(ApplyEvent::Begun { actions: plan.actions.len() });
    let report = Execution::new(apply, plan, run).run().await;
    let converged = report.all_done() && plan.complete;
    let journal = apply.journal.clone();
    blocking(move || journal.finish(run, converged, clock::now())).await?;
    Ok(report)
}

struct Execution<'a> {
    apply: &'a Apply,
    run: RunId,
    /// Not begun yet, in the plan's order: the first that may begin begins first.
    pending: Vec<&'a Action>,
    running: JoinSet<(ActionId, Outcome)>,
    outcomes: BTreeMap<ActionId, Outcome>,
}

impl<'a> Execution<'a> {
    fn new(apply: &'a Apply, plan: &'a Plan, run: RunId) -> Self {
        Self {
            apply,
            run,
            pending: plan.actions.iter().collect(),
            running: JoinSet::new(),
            outcomes: BTreeMap::new(),
        }
    }

    async fn run(mut self) -> ApplyReport {
        loop {
            self.begin_what_may().await;
            let Some(joined) = self.running.join_next_with_id().await else { break };
            match joined {
                Ok((_, (id, outcome))) => self.finish(id, outcome).await,
                // An action that panicked has no outcome: what comes after it is left pending, and
                // told below.
                Err(error) => tracing::error!(%error, "an action broke down"),
            }
        }
        for action in std::mem::take(&mut self.pending) {
            let before = action.after.iter().find(|id| !self.outcomes.contains_key(*id));
            let before = before.cloned().unwrap_or_else(|| action.id.clone());
            self.finish(action.id.clone(), Outcome::Skipped(before)).await;
        }
        ApplyReport { outcomes: self.outcomes }
    }

    /// Begins every action whose predecessors are done, and skips those whose are not.
    async fn begin_what_may(&mut self) {
        let mut index = 0;
        while index < self.pending.len() {
            let action = self.pending[index];
            let failed = action.after.iter().find(|id| {
                self.outcomes.get(*id).is_some_and(|outcome| !matches!(outcome, Outcome::Done(_)))
            });
            if let Some(failed) = failed {
                let outcome = Outcome::Skipped(failed.clone());
                self.pending.remove(index);
                self.finish(action.id.clone(), outcome).await;
                // What comes after it stands further on in the plan.
                continue;
            }
            if action.kind.removes() && self.apply.removals == Removals::LeftOut {
                self.pending.remove(index);
                self.finish(action.id.clone(), Outcome::Unconfirmed).await;
                continue;
            }
            let ready = action.after.iter().all(|id| self.outcomes.contains_key(id));
            if ready && self.running.len() < AT_ONCE {
                self.pending.remove(index);
                self.begin(action).await;
                continue;
            }
            index += 1;
        }
    }

    async fn begin(&mut self, action: &Action) {
        let (journal, run, id) = (self.apply.journal.clone(), self.run, action.id.clone());
        let written = blocking(move || journal.begin_action(run, &id.0, clock::now())).await;
        if let Err(error) = written {
            let why = format!("failed to write the journal: {}", with_causes(&error));
            return self.finish(action.id.clone(), Outcome::Failed(why)).await;
        }
        self.tell(ApplyEvent::Started(action.id.clone()));
        let (apply, action) = (self.apply.clone(), action.clone());
        self.running.spawn(async move {
            let outcome = carry_out(&apply, &action).await;
            (action.id, outcome)
        });
    }

    async fn finish(&mut self, id: ActionId, outcome: Outcome) {
        let (journal, run, key) = (self.apply.journal.clone(), self.run, id.0.clone());
        let (word, detail) = (outcome.word(), outcome.detail());
        let written =
            blocking(move || journal.finish_action(run, &key, word, &detail, clock::now()));
        if let Err(error) = written.await {
            // The action is done all the same; the next look at the site systems tells.
            tracing::error!(action = %id, error = %with_causes(&error), "failed to write the journal");
        }
        self.tell(ApplyEvent::Finished(id.clone(), outcome.clone()));
        self.outcomes.insert(id, outcome);
    }

    fn tell(&self, event: ApplyEvent) {
        // Nobody has to listen.
        let _ = self.apply.events.send(event);
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The runtime ends, or the work panicked: neither leaves anything to go on with.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
