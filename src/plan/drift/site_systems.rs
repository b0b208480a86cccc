//! Site systems and what is installed on them.

use crate::{
    model::{Listener, ManagementPointState},
    plan::{Action, ActionKind},
};

use super::found::{Drift, all_found, change};

impl Drift<'_> {
    pub(super) fn site_system(self, action: &mut Action) {
        let Some((name, state)) = self.target(action) else { return };
        let found = |since| self.found(&name, state, since);
        let installed = state.update_services.as_ref().map(|it| it.version);
        match action.kind {
            ActionKind::InstallUpdateServices => {
                let Some(declared) = self.hierarchy.site_systems.get(&name) else { return };
                let (path, wanted) = ("updateServices.version", declared.wsus_to_install());
                let found = found(state.since.update_services);
                action.diff.push(change(path, installed, wanted, &found));
            }
            ActionKind::UninstallUpdateServices => {
                let found = found(state.since.update_services);
                action.diff.push(change("updateServices.version", installed, (), &found));
            }
            ActionKind::InstallAdministrationConsole => {
                action.diff.push(change("administrationConsole", false, true, &found(None)));
            }
            ActionKind::RemoveSiteSystem => {
                let found = found(state.since.settings);
                action.diff.push(change("name", &name, (), &found));
            }
            _ => {
                all_found(&mut action.diff, &found(state.since.settings));
                let server = state.site_server.as_ref();
                if let Some(ManagementPointState { listener: closed @ Listener::Closed(_), .. }) =
                    server.and_then(|it| it.management_point.as_ref())
                    && state
                        .settings
                        .site_server
                        .as_ref()
                        .is_some_and(|it| it.management_point.is_some())
                {
                    let found = found(state.since.management_point);
                    let path = "managementPoint.listener";
                    action.diff.push(change(path, closed.to_string(), "open", &found));
                }
            }
        }
    }
}
