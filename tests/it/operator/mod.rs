//! The operator, with a real API server: `scripts/kubernetes` builds and starts one, and
//! `HEADWATER_KUBECONFIG` says where it is. Without it these tests say so and end.

mod approving;
mod children;
mod cluster;
mod converging;
mod deleting;
mod failing_over;
mod hosted;
mod leading;
mod pods;
mod restricted;
