//! Looks at the ports of the roles: what agents say of them is not what clients find (PORT-5).

use crate::{
    model::{FoundPorts, Hierarchy, Listener, Observed, PortFacts},
    ports::{differences, warnings},
    probe::{Prober, Role, RoleToProbe},
};

/// What answers on the ports of the declared roles whose agents say that they are open, as far as it
/// is not what shall answer. Where an agent does not answer, or says that the port is closed, there is
/// nothing to find out.
pub async fn observe_ports(
    prober: &Prober,
    hierarchy: &Hierarchy,
    observed: &Observed,
) -> FoundPorts {
    let roles: Vec<_> =
        RoleToProbe::all(hierarchy).filter(|role| says_open(observed, role)).collect();
    let mut found = prober.probe(roles.iter().copied()).await;
    // Nobody plans anything for what is as it shall be: it would only make two looks differ.
    for role in roles {
        let all = match role.role {
            Role::UpdatePoint(_) => &mut found.update_points,
            Role::DistributionPoint(_) => &mut found.distribution_points,
        };
        let as_it_shall_be = |facts: &PortFacts| {
            differences(role.wanted(), role.host, facts).is_empty() && warnings(facts).is_empty()
        };
        if all.get(role.name).is_some_and(as_it_shall_be) {
            all.remove(role.name);
        }
    }
    found
}

/// Whether an agent says that a role listens, and as it shall: what has to be configured first is
/// not looked at.
fn says_open(observed: &Observed, it: &RoleToProbe<'_>) -> bool {
    let known = observed.site_systems.get(it.site_system());
    let Some(state) = known.and_then(|known| known.present()) else { return false };
    match it.role {
        Role::UpdatePoint(wanted) => state.update_point.as_ref().is_some_and(|said| {
            let (wanted, settings) = (&wanted.settings, &said.settings);
            said.name == *it.name
                && (settings.ports, settings.ssl) == (wanted.ports, wanted.ssl)
                && said.closed().is_none()
        }),
        Role::DistributionPoint(wanted) => state.distribution_point.as_ref().is_some_and(|said| {
            let (wanted, settings) = (&wanted.settings, &said.settings);
            said.name == *it.name
                && (settings.ports, settings.protocol) == (wanted.ports, wanted.protocol)
                && matches!(said.listener, Listener::Open(_))
        }),
    }
}
