//! The custom resources on the newer server of `scripts/kubernetes up DIR --modern`: it takes the rules
//! that an older one drops, and evaluates them. `HEADWATER_KUBERNETES_MODERN=DIR` says where it is;
//! without it these tests say so and end.

mod accepted;
mod applied;
mod changed;
mod definitions;
mod refused;
mod server;
