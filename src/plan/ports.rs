//! Ports that are not what they shall be although their role says so: somebody has to look (PORT-5).

use serde_json::Value;

use crate::{
    model::{Kind, Name, PortFacts, ResourceId, SiteCode},
    ports::{Difference, WantedListeners, differences, warnings},
};

use super::{
    ActionKind, FieldChange,
    planner::{Draft, Planner},
};

/// A role whose settings are in effect and whose agent says that its port is open.
pub(super) struct Listening<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a Name,
    pub(super) site: &'a SiteCode,
    pub(super) system: &'a Name,
    pub(super) wanted: WantedListeners,
    pub(super) found: Option<&'a PortFacts>,
}

impl Planner<'_> {
    /// Verifies ports that answer otherwise than they shall.
    pub(super) fn drifted_ports(&mut self, it: &Listening<'_>) {
        let Listening { kind, name, site, system, wanted, found } = it;
        let hierarchy = self.hierarchy;
        let host = hierarchy.site_systems.get(system).map(|it| &it.settings.address);
        let (Some(found), Some(host)) = (found, host) else { return };
        let resource = ResourceId::new(*kind, name);
        for warning in warnings(found) {
            self.tell("PORT-5", resource.clone(), warning);
        }
        let differences = differences(*wanted, host, found);
        let Some(first) = differences.first() else { return };
        let reason = match differences.len() {
            1 => format!("what answers on its ports is not what shall: {first}"),
            more => format!(
                "what answers on its ports is not what shall: {first}; and {} more",
                more - 1
            ),
        };
        self.add(Draft {
            kind: ActionKind::VerifyPorts,
            resource,
            site: SiteCode::clone(site),
            requirement: "PORT-5",
            reason,
            after: Vec::new(),
            targets: vec![Name::clone(system)],
            diff: differences.into_iter().map(change).collect(),
            part: None,
        });
    }
}

fn change(difference: Difference) -> FieldChange {
    let Difference { path, found, wanted } = difference;
    FieldChange::new(path, Value::String(found), Value::String(wanted))
}
