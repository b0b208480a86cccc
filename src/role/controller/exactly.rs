//! Work that is confined or can be taken back: saved plans, carried out exactly or refused because
//! something has moved, and the way back from whatever is done.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::{
    apply::{ApplyEvent, ApplyReport, Origin, Removals, refuse_outside_windows},
    blocking::blocking,
    clock,
    model::{Digest, Facts, Hierarchy, Name, Observed},
    plan::{Inputs, Moved, Plan, SavedPlan, moved_facts, plan},
    role::host::DataLock,
};

use super::{Controller, ControllerError, Converged, Looked, UndoFile};

/// How something is done.
#[derive(Debug)]
pub struct Manner<'a> {
    /// What happens to what is not wanted any more.
    pub removals: Removals,
    /// Where the way back is written, if somebody wants it.
    pub undo: Option<&'a UndoFile>,
    /// Ends the work before it is done; the way back is written all the same.
    pub stop: CancellationToken,
    /// Who hears of what happens.
    pub events: &'a UnboundedSender<ApplyEvent>,
}

/// How the attempt to carry out a saved plan ended.
pub enum Exactly {
    /// Nothing was done: these have moved.
    Moved(Vec<Moved>),
    /// It was carried out.
    Done(Box<CarriedOut>),
}

/// How a saved plan was carried out.
pub struct CarriedOut {
    /// How its actions ended.
    pub report: ApplyReport,
    /// What a plan made right after has to do.
    pub next: Plan,
    /// The way back, if it was asked for.
    pub way_back: Option<Plan>,
}

/// What came of work, and the look after it.
struct Worked<T> {
    result: T,
    after: Observed,
    way_back: Option<Plan>,
}

impl Controller {
    /// Becomes the only one that changes the hierarchy, and waits while another one does.
    ///
    /// # Errors
    ///
    /// The lock file cannot be made.
    pub async fn reconcile(&self) -> Result<DataLock, ControllerError> {
        let data = self.session().data().clone();
        // Waiting for a lock blocks its thread.
        blocking(move || Ok(data.reconcile()?)).await
    }

    /// Carries a saved plan out, exactly as it is, unless something has moved since it was made:
    /// `moved` is what is known of that already. `hierarchy` is what its documents declare, `origin`
    /// who carries it out.
    ///
    /// The lock is that of [`Controller::reconcile`]: nobody else changes anything between the look
    /// and the first action.
    ///
    /// # Errors
    ///
    /// The host does not answer; or nothing was done: a removal is refused, no maintenance window is
    /// open, the way back or the journal cannot be written.
    pub async fn carry_out(
        &self,
        _lock: &DataLock,
        saved: &SavedPlan<'_>,
        (hierarchy, origin): (&Arc<Hierarchy>, &Origin),
        mut moved: Vec<Moved>,
        manner: &Manner<'_>,
    ) -> Result<Exactly, ControllerError> {
        let SavedPlan { plan: wanted, basis } = saved;
        let (observed, agents) = self.observe_at(&basis.remote, hierarchy).await?;
        moved.extend(moved_facts(&basis.facts, &Facts::of(&observed)));
        if !moved.is_empty() {
            return Ok(Exactly::Moved(moved));
        }
        refuse_outside_windows(wanted, hierarchy, clock::now())?;
        let looked = Looked { observed, plan: wanted.clone(), agents };
        let Manner { removals, events, .. } = manner;
        let work = self.apply(hierarchy, &looked, origin, *removals, events);
        let Worked { result: report, after, way_back } =
            self.taken_back(&looked.observed, (&basis.remote, hierarchy), manner, work).await?;
        let next = plan(Inputs {
            hierarchy,
            manifest_digest: wanted.manifest_digest,
            observed: &after,
            now: clock::now(),
        });
        Ok(Exactly::Done(Box::new(CarriedOut { report, next, way_back })))
    }

    /// As [`Controller::converge`], with a way back.
    ///
    /// # Errors
    ///
    /// As [`Controller::converge`], or the way back cannot be written.
    pub async fn converge_with_way_back(
        &self,
        hierarchy: &Arc<Hierarchy>,
        manifest_digest: Digest,
        origin: &Origin,
        manner: &Manner<'_>,
    ) -> Result<(Converged, Option<Plan>), ControllerError> {
        let _lock = self.reconcile().await?;
        let remote = hierarchy.remote_agents();
        let (before, _) = self.observe_at(&remote, hierarchy).await?;
        let Manner { removals, events, .. } = manner;
        let work = self.passes(hierarchy, manifest_digest, origin, *removals, events);
        let worked = self.taken_back(&before, (&remote, hierarchy), manner, work).await?;
        Ok((worked.result, worked.way_back))
    }

    /// Does some work between two looks, with the way back written before and after it. If it fails
    /// and nothing has changed, nothing of that is left.
    async fn taken_back<T>(
        &self,
        before: &Observed,
        (remote, hierarchy): (&BTreeMap<Name, String>, &Hierarchy),
        manner: &Manner<'_>,
        work: impl Future<Output = Result<T, ControllerError>>,
    ) -> Result<Worked<T>, ControllerError> {
        if let Some(undo) = manner.undo {
            undo.begin(before)?;
        }
        let result = tokio::select! {
            result = work => result,
            () = manner.stop.cancelled() => Err(ControllerError::Stopped),
        };
        // Where nothing can be seen any more, what was written before is still there.
        let looked = self.observe_at(remote, hierarchy).await;
        let (result, after) = match (result, looked) {
            (result, Ok((after, _))) => (result, after),
            (Err(error), Err(_)) => return Err(error),
            (Ok(_), Err(error)) => return Err(ControllerError::NotSeen(Box::new(error))),
        };
        let mut way_back = None;
        if let Some(undo) = manner.undo {
            if result.is_err() && moved_facts(&Facts::of(before), &Facts::of(&after)).is_empty() {
                undo.forget()?;
            } else {
                way_back = Some(undo.finish(before, &after)?);
            }
        }
        Ok(Worked { result: result?, after, way_back })
    }
}
