//! The virtual world around the engine: the same machines in virtual time, over a model of sites,
//! lines, machines and content. Says before anybody waits how long something takes, what goes where,
//! and what never arrives. Pure: the same seed, the same bytes.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod at;
mod comparison;
#[cfg(test)]
mod fixture;
mod frames;
mod ground;
mod network;
mod numbers;
mod outcome;
mod patch_days;
mod policy;
mod quantity;
mod random;
mod scenario;
mod simulation;
#[cfg(test)]
mod tests;
mod world;

pub use comparison::{Comparison, Difference, compare};
pub use outcome::{
    Curve, LinkOutcome, Outcome, PackageOutcome, PathStep, PointOutcome, SiteOutcome,
    SourceOutcome, Spread, StepKind, SyncOutcome, Unfinished, WaitOutcome, Waited, WindowWait,
};
pub use policy::Policy;
pub use quantity::{Bandwidth, ByteSize, Latency, Skew};
pub use scenario::{
    Catalogs, ClockSkew, Defaults, Disagreement, Faults, LacksContent, LineHours, Link, LinkCut,
    Machine, PatchDay, Scenario, ScenarioError, SiteNetwork, SiteSystemDown, SlowDisk,
    UpstreamFails, disagreements, read_scenario, scenario_schema,
};
pub use simulation::{Simulation, simulate};
