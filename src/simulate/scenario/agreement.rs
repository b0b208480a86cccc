//! Whether a scenario speaks of what there is: sites, site systems, distribution points, packages.

use std::fmt;

use super::{LineHours, Scenario};
use crate::{
    check::closest,
    model::{Hierarchy, Interval, SiteCode, time_zone},
};

/// Something in a scenario that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Where it stands: `faults.linkCuts[0].between[1]`.
    pub field: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.what)
    }
}

/// All that a scenario says of things that the hierarchy does not have, or that cannot be.
pub fn disagreements(scenario: &Scenario, hierarchy: &Hierarchy) -> Vec<Disagreement> {
    let mut compared = Compared { hierarchy, found: Vec::new() };
    compared.lines(scenario);
    compared.machines(scenario);
    compared.packages(scenario);
    compared.faults(scenario);
    compared.found
}

struct Compared<'a> {
    hierarchy: &'a Hierarchy,
    found: Vec<Disagreement>,
}

impl Compared<'_> {
    fn tell(&mut self, field: &str, what: impl Into<String>) {
        self.found.push(Disagreement { field: field.to_owned(), what: what.into() });
    }

    fn there<'b>(
        &mut self,
        field: &str,
        (sort, name): (&str, &str),
        known: impl Iterator<Item = &'b str> + Clone,
    ) {
        if known.clone().any(|it| it == name) {
            return;
        }
        let meant = closest(name, known);
        let meant = meant.map_or_else(String::new, |it| format!(": did you mean `{it}`?"));
        self.tell(field, format!("there is no {sort} `{name}`{meant}"));
    }

    fn site(&mut self, field: &str, code: &SiteCode) {
        let hierarchy = self.hierarchy;
        let known = hierarchy.sites.keys().map(SiteCode::as_str);
        self.there(field, ("site", code.as_str()), known);
    }

    fn system(&mut self, field: &str, name: &str) {
        let hierarchy = self.hierarchy;
        let known = hierarchy.site_systems.keys().map(crate::model::Name::as_str);
        self.there(field, ("site system", name), known);
    }

    fn package(&mut self, field: &str, id: &str) {
        let hierarchy = self.hierarchy;
        let known = hierarchy.packages.values().map(|it| it.id.as_str());
        self.there(field, ("package", id), known);
    }

    fn between(&mut self, field: &str, between: &[SiteCode; 2]) {
        for (number, code) in between.iter().enumerate() {
            self.site(&format!("{field}.between[{number}]"), code);
        }
        if between[0] == between[1] {
            self.tell(&format!("{field}.between"), "a line leads from one site to another");
        }
    }

    fn zone(&mut self, field: &str, zone: Option<&String>) {
        if let Some(zone) = zone.filter(|zone| time_zone(zone).is_none()) {
            let what = format!("`{zone}` is no time zone: write it like `Europe/Lisbon`");
            self.tell(field, what);
        }
    }

    fn span(&mut self, field: &str, from: Interval, to: Option<Interval>) {
        if to.is_some_and(|to| to <= from) {
            self.tell(&format!("{field}.to"), "it ends before it begins");
        }
    }

    fn lines(&mut self, scenario: &Scenario) {
        let mut seen = Vec::new();
        for (number, link) in scenario.links.iter().enumerate() {
            let field = format!("links[{number}]");
            self.between(&field, &link.between);
            self.zone(&format!("{field}.timeZone"), link.time_zone.as_ref());
            for (hours, LineHours { from, to, .. }) in link.open.iter().enumerate() {
                if from >= to || *to > 24 {
                    let what = "hours go from 0 to 24, and end after they begin: write two spans \
                                for a night";
                    self.tell(&format!("{field}.open[{hours}]"), what);
                }
            }
            let mut pair = link.between.clone();
            pair.sort();
            if seen.contains(&pair) {
                self.tell(&field, format!("the line {}–{} stands here twice", pair[0], pair[1]));
            }
            seen.push(pair);
        }
    }

    fn machines(&mut self, scenario: &Scenario) {
        for (code, site) in &scenario.sites {
            self.site(&format!("sites.{code}"), code);
            self.zone(&format!("sites.{code}.timeZone"), site.time_zone.as_ref());
        }
        for name in scenario.machines.keys() {
            self.system(&format!("machines.{name}"), name.as_str());
        }
        if scenario.days == Some(0) {
            self.tell("days", "at least one day is simulated");
        }
    }

    fn packages(&mut self, scenario: &Scenario) {
        for id in scenario.content.keys() {
            self.package(&format!("content.{id}"), id.as_str());
        }
        for id in scenario.releases.keys() {
            self.package(&format!("releases.{id}"), id.as_str());
        }
    }

    fn faults(&mut self, scenario: &Scenario) {
        let faults = &scenario.faults;
        for (number, cut) in faults.link_cuts.iter().enumerate() {
            let field = format!("faults.linkCuts[{number}]");
            self.between(&field, &cut.between);
            self.span(&field, cut.from, cut.to);
        }
        for (number, down) in faults.site_systems_down.iter().enumerate() {
            let field = format!("faults.siteSystemsDown[{number}]");
            self.system(&format!("{field}.siteSystem"), down.site_system.as_str());
            self.span(&field, down.from, down.to);
        }
        for (number, lacks) in faults.lacks_content.iter().enumerate() {
            let field = format!("faults.lacksContent[{number}]");
            let hierarchy = self.hierarchy;
            let known = hierarchy.distribution_points.keys().map(crate::model::Name::as_str);
            let point = ("distribution point", lacks.distribution_point.as_str());
            self.there(&format!("{field}.distributionPoint"), point, known);
            if let Some(package) = &lacks.package {
                self.package(&format!("{field}.package"), package.as_str());
            }
            self.span(&field, lacks.from.unwrap_or(Interval::seconds(0)), lacks.to);
        }
        for (number, slow) in faults.slow_disks.iter().enumerate() {
            let field = format!("faults.slowDisks[{number}]");
            self.system(&format!("{field}.siteSystem"), slow.site_system.as_str());
            self.span(&field, slow.from, slow.to);
        }
        for (number, skew) in faults.clock_skews.iter().enumerate() {
            let field = format!("faults.clockSkews[{number}].siteSystem");
            self.system(&field, skew.site_system.as_str());
        }
        for (number, day) in faults.patch_days.iter().enumerate() {
            if !(1..=1_000).contains(&day.packages) {
                let field = format!("faults.patchDays[{number}].packages");
                self.tell(&field, "1 to 1000 packages are released at a time");
            }
        }
    }
}
