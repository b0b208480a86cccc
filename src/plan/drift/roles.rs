//! Roles: their settings and their ports.

use crate::{
    model::{Kind, Listener, Name, RoleSince, SecuredListener},
    plan::{Action, ActionKind, FieldChange, Found},
};

use super::found::{Drift, all_found, change};

/// What is known of the role that a site system has.
struct Role<'a> {
    name: &'a Name,
    listener: &'a Listener,
    since: RoleSince,
}

impl Drift<'_> {
    pub(super) fn update_point(self, action: &mut Action) {
        let Some((system, state)) = self.target(action) else { return };
        let Some(point) = &state.update_point else { return };
        let since = state.since.update_point;
        let found = |since| self.found(&system, state, since);
        if action.kind == ActionKind::ConfigureSsl {
            return all_found(&mut action.diff, &found(since.settings));
        }
        let role = Role { name: &point.name, listener: &point.listener, since };
        explain(&action.resource.name, action.kind, &mut action.diff, &role, &found);
        if let Some(SecuredListener { listener: closed @ Listener::Closed(_), .. }) = &point.https
            && action.kind == ActionKind::ConfigureSoftwareUpdatePoint
            && point.settings.ssl
        {
            let found = found(since.listener);
            action.diff.push(change("listeners.https", closed.to_string(), "open", &found));
        }
    }

    pub(super) fn distribution_point(self, action: &mut Action) {
        let Some((system, state)) = self.target(action) else { return };
        let Some(point) = &state.distribution_point else { return };
        let since = state.since.distribution_point;
        let role = Role { name: &point.name, listener: &point.listener, since };
        let found = |since| self.found(&system, state, since);
        explain(&action.resource.name, action.kind, &mut action.diff, &role, &found);
    }
}

impl Drift<'_> {
    /// What answers on the ports of a role was found by connecting to them.
    pub(super) fn ports(self, action: &mut Action) {
        let Some((system, state)) = self.target(action) else { return };
        let Some(declared) = self.hierarchy.site_systems.get(&system) else { return };
        let (hierarchy, name) = (self.hierarchy, &action.resource.name);
        let ports = match action.resource.kind {
            Kind::SoftwareUpdatePoint => {
                hierarchy.update_points.get(name).map(|it| it.settings.ports)
            }
            _ => hierarchy.distribution_points.get(name).map(|it| it.settings.ports),
        };
        let Some(ports) = ports else { return };
        for change in &mut action.diff {
            let secured = change.path.starts_with("listeners.https");
            let port = if secured { ports.https } else { ports.http };
            let at = format!("{}:{port}", declared.settings.address.in_url());
            change.found = Some(Found { at, ..self.found(&system, state, None) });
        }
    }
}

fn explain(
    wanted: &Name,
    kind: ActionKind,
    diff: &mut Vec<FieldChange>,
    role: &Role<'_>,
    found: &dyn Fn(Option<jiff::Timestamp>) -> Found,
) {
    let of_settings = found(role.since.settings);
    if kind.removes() {
        return diff.push(change("name", role.name, (), &of_settings));
    }
    if role.name != wanted {
        // The settings are those of something new; what is there is the other one.
        return diff.insert(0, change("name", role.name, wanted, &of_settings));
    }
    all_found(diff, &of_settings);
    if let Listener::Closed(_) = role.listener {
        let found = found(role.since.listener);
        diff.push(change("listener", role.listener.to_string(), "open", &found));
    }
}
