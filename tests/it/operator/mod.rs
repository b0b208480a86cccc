//! The operator, with a real API server: `scripts/kubernetes` builds and starts one, and
//! `HEADWATER_KUBECONFIG` says where it is. Without it these tests say so and end.

mod approving;
mod broken_sets;
mod children;
mod cluster;
mod contoso;
mod converging;
mod cut_off;
mod deleting;
mod examples;
mod failing_over;
mod finalizers;
mod hardship;
mod hosted;
mod journal;
mod kubectl;
mod leading;
mod line;
mod log_level;
mod own_server;
mod plugin;
mod pods;
mod readiness;
mod readme;
mod restricted;
mod storms;
mod tenure;
mod webhook;
