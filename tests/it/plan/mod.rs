//! The planner against a world that does what it is told, as the agents do.

mod changes;
mod contoso;
mod convergence;
mod first_run;
mod removal;
mod scale;
mod synchronization;
mod waiting;
mod world;
mod world_actions;
