//! What is assumed of the world: lines, machines, sizes, and what goes wrong when.

mod agreement;
mod document;
mod faults;
mod read;
#[cfg(test)]
mod tests;

pub use agreement::{Disagreement, disagreements};
pub use document::{Catalogs, Defaults, LineHours, Link, Machine, Scenario, SiteNetwork};
pub use faults::{
    ClockSkew, Faults, LacksContent, LinkCut, PatchDay, SiteSystemDown, SlowDisk, UpstreamFails,
};
pub use read::{ScenarioError, read_scenario, scenario_schema};
