//! Port settings: those that several roles share become one document, and the documented ports of a
//! role none.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Name, Observed, PortSettingsSpec, Ports};

/// Which roles use some ports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Users {
    update_points: bool,
    distribution_points: bool,
    management_points: bool,
}

impl Users {
    /// What the settings are called after.
    const fn word(self) -> &'static str {
        match (self.update_points, self.distribution_points, self.management_points) {
            (true, false, false) => "update-services",
            (false, true, false) => "content",
            (false, false, true) => "management-point",
            _ => "web-site",
        }
    }
}

/// Names for all ports that are not a role's documented ones.
pub(super) fn names(observed: &Observed) -> BTreeMap<Ports, Name> {
    let mut all: BTreeMap<Ports, Users> = BTreeMap::new();
    for (_, state) in observed.present() {
        let update_point = state.update_point.iter().map(|point| point.settings.ports);
        for ports in update_point.filter(|ports| *ports != Ports::CUSTOM) {
            all.entry(ports).or_default().update_points = true;
        }
        let distribution_point = state.distribution_point.iter().map(|point| point.settings.ports);
        for ports in distribution_point.filter(|ports| *ports != Ports::DEFAULT) {
            all.entry(ports).or_default().distribution_points = true;
        }
        let site_server = state.settings.site_server.as_ref();
        let management_point = site_server.and_then(|it| it.management_point.as_ref());
        let ports = management_point.map(|point| point.ports);
        if let Some(ports) = ports.filter(|ports| *ports != Ports::DEFAULT) {
            all.entry(ports).or_default().management_points = true;
        }
    }
    let mut taken: BTreeSet<Name> = BTreeSet::new();
    let mut names = BTreeMap::new();
    for (ports, users) in &all {
        let Ports { http, https, web_site } = ports;
        let word = users.word();
        let alone = all.values().filter(|other| other.word() == word).count() == 1;
        let choices = [
            alone.then(|| word.to_owned()),
            Some(format!("{word}-{http}")),
            Some(format!("{word}-{http}-{https}")),
            Some(format!("{word}-{http}-{https}-{web_site:?}").to_ascii_lowercase()),
        ];
        let free = choices.into_iter().flatten().filter_map(|name| name.parse::<Name>().ok());
        // The last choice names everything that two settings can differ in.
        if let Some(name) = free.into_iter().find(|name| !taken.contains(name)) {
            taken.insert(name.clone());
            names.insert(*ports, name);
        }
    }
    names
}

/// What to write for some ports: only what does not follow from the rest (SUP-7).
pub(super) fn spec(ports: Ports) -> PortSettingsSpec {
    let documented = Ports::of(ports.web_site);
    let mut spec = PortSettingsSpec {
        web_site: ports.web_site,
        http: (ports.http != documented.http).then_some(ports.http),
        https: None,
    };
    if spec.ports().https != ports.https {
        spec.https = Some(ports.https);
    }
    spec
}
