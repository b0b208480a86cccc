//! The planner against a world that does what it is told, as the agents do.

mod adopting;
mod changes;
mod content_shown;
mod contoso;
mod convergence;
mod explained;
mod facts;
mod first_run;
mod generated;
mod kept;
mod on_demand;
mod order;
mod ports;
mod properties;
mod refused;
mod removal;
mod saved;
mod scale;
mod secured;
mod shown;
mod synchronization;
mod undoing;
mod waiting;
mod world;
mod world_actions;
