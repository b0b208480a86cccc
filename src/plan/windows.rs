//! Maintenance windows: what may not begin now waits until the next one opens, and what comes after
//! it waits for that.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Action, ActionId, Waiting, planner::Planner};
use crate::model::{ActionKind, ClosedSite, SiteCode};

impl Planner<'_> {
    /// Takes those actions out that wait for a maintenance window, and says what they wait for.
    pub(super) fn wait_for_windows(&mut self) {
        if self.hierarchy.maintenance_windows.is_empty() {
            return;
        }
        let windows = self.hierarchy.windows_at(self.now);
        let mut closed: BTreeMap<(SiteCode, ActionKind), Option<ClosedSite>> = BTreeMap::new();
        let mut later: BTreeMap<ActionId, Option<Timestamp>> = BTreeMap::new();
        // Actions refer only to earlier ones.
        for action in std::mem::take(&mut self.actions) {
            let Action { id, kind, resource, site, after, .. } = &action;
            let closed =
                closed.entry((site.clone(), *kind)).or_insert_with(|| windows.closed(site, *kind));
            let before = after.iter().find_map(|before| later.get_key_value(before));
            let (on, until) = match (closed, before) {
                (Some(closed), _) => {
                    (closed.to_string(), closed.next.as_ref().map(|(_, opening)| *opening))
                }
                (None, Some((before, until))) => {
                    (format!("{before} has to be done first, and waits for its window"), *until)
                }
                (None, None) => {
                    self.actions.push(action);
                    continue;
                }
            };
            self.waiting.push(Waiting { resource: resource.clone(), on, chosen: false, until });
            later.insert(id.clone(), until);
        }
    }
}
