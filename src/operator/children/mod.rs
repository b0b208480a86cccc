//! What a site system is in a cluster: the objects that the operator makes of one, as values. Pure: who applies
//! them, and in which order, is the operator's loop.
//!
//! | file             | kind of object                                                                  |
//! |------------------|---------------------------------------------------------------------------------|
//! | `stateful_set`   | `StatefulSet`: one replica with a volume for its data; `pod`: what runs in it   |
//! | `services`       | `Service`: one for clients, with the ports of the roles, and one for the agent  |
//! | `network_policy` | `NetworkPolicy`: the derived flows (PORT-5), and nothing else                   |
//! | `addresses`      | `ConfigMap`: where the declared addresses of others really are                  |
//! | `disruption`     | `PodDisruptionBudget`: one for each site                                        |
//! | `certificates`   | `Certificate` of cert-manager, where there is an issuer; otherwise `Secret`     |
//!
//! **Addresses.** A site system is declared by an address such as `ams-srv.contoso.example`, which its
//! certificate, its URLs and its clients say. In a cluster that name leads nowhere by itself, and no service
//! can have dots in its name. So each pod has a file with the addresses of those that it talks to, and the
//! names of their services: `headwater agent --names-file` looks there first, and only for where to connect
//! to, so that certificates and the `Host` of requests stay as declared. The file is a `ConfigMap`, which
//! changes without a restart. Clients are told nothing by us: whoever lets them in (`serviceType`) makes the
//! declared name lead there, as with every other computer.

mod addresses;
mod certificates;
mod comparing;
mod disruption;
mod hosting;
mod names;
mod network_policy;
mod pod;
mod services;
mod stateful_set;
#[cfg(test)]
mod tests;
mod wanted;

pub use certificates::WantedSecret;
pub use comparing::{has_to_be_made_anew, is_as_wanted, repaired};
pub use hosting::{Hosting, IssuerReference, Owner};
pub use names::{MADE, claim_name, is_made_for_a_site_system, join_secret, object_name};
pub use stateful_set::{grown_claim, wanted_size};
pub use wanted::{Child, Children};
