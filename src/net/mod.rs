//! The network: how names become addresses, HTTP clients, certificates and roots, ports that open
//! and close, and the id that goes along with work.

mod addresses;
mod admin_token;
mod agent_client;
mod client;
mod elsewhere;
pub mod http;
mod joined;
mod listener;
mod made_once;
pub mod names;
mod serving;
mod stream;
mod tls;
pub mod trace;

pub use addresses::{AddressTaken, Addresses};
pub use admin_token::AdminToken;
pub use agent_client::{AgentClient, AgentError};
pub use client::{ClientError, client, outside_client, outside_tls, verifying_client};
pub use joined::{
    AdminHttp, Caller, InvalidToken, InviteError, JoinToken, Keeper, Membership, MembershipError,
    NotKept, NotReached, RegisteredAgent, Registry, RegistryError, Revoked, Way,
};
pub use listener::{BoundPort, ListenError, OpenPort};
pub use serving::{FileParts, Limits, raise_open_files};
pub use stream::Stream;
pub use tls::{
    Admission, Anchors, CertificateSource, Certificates, CertificatesError, IssuedText, Presented,
    ServerTls, Trust, TrustError, UnfitCertificate, WantedOfClients, certificate_names,
    why_refused,
};
pub(crate) use tls::{signature_algorithms, verifies_signatures};
