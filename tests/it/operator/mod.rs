//! The operator, with a real API server: `scripts/kubernetes` builds and starts one, and
//! `HEADWATER_KUBECONFIG` says where it is. Without it these tests say so and end.

mod approving;
mod cluster;
mod converging;
mod deleting;
mod hosted;
mod kubectl;
mod leading;
mod log_level;
mod plugin;
mod readiness;
mod readme;
mod restricted;
