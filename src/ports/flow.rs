//! A flow: who opens connections to whom, on which ports, and why.

use std::fmt;

use crate::model::{Hierarchy, Name, SiteCode};

use super::{PortSet, Scenario};

/// One end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A computer of the hierarchy.
    SiteSystem(Name),
    /// The clients of a site.
    Clients {
        /// The site.
        site: SiteCode,
        /// Where they are.
        network: Network,
    },
    /// The database of a site; no manifest says where it is.
    SiteDatabase(SiteCode),
    /// An upstream server outside of the hierarchy, by its host.
    UpstreamServer(String),
    /// Microsoft Update.
    MicrosoftUpdate,
    /// Headwater itself, where it plans and applies.
    Controller,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SiteSystem(name) => name.fmt(f),
            Self::Clients { site, network: Network::Intranet } => write!(f, "clients of {site}"),
            Self::Clients { site, network: Network::Internet } => {
                write!(f, "Internet clients of {site}")
            }
            Self::SiteDatabase(site) => write!(f, "site database of {site}"),
            Self::UpstreamServer(host) => write!(f, "upstream server {host}"),
            Self::MicrosoftUpdate => f.write_str("Microsoft Update"),
            Self::Controller => f.write_str("Headwater controller"),
        }
    }
}

/// Where clients are (SUP-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// On the intranet.
    Intranet,
    /// On the Internet.
    Internet,
}

/// What carries a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// Its name as firewalls write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Application {
    /// HTTP in the clear.
    Http,
    /// HTTP over TLS.
    Https,
    /// Windows file sharing.
    Smb,
    /// Remote procedure calls of Windows.
    Rpc,
    /// The protocol of SQL Server.
    Sql,
    /// Network boot: DHCP, TFTP and the boot information service.
    Pxe,
    /// Operating system images to many at once.
    Multicast,
}

impl Application {
    /// Its name as people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Smb => "SMB",
            Self::Rpc => "RPC",
            Self::Sql => "SQL",
            Self::Pxe => "PXE",
            Self::Multicast => "multicast",
        }
    }

    pub(super) const fn of_web(secure: bool) -> Self {
        if secure { Self::Https } else { Self::Http }
    }
}

/// Who opens connections to whom, on which ports, and why (PORT-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Who opens the connection.
    pub from: Party,
    /// Who listens.
    pub to: Party,
    /// The ports on which `to` listens.
    pub ports: PortSet,
    /// What carries it.
    pub transport: Transport,
    /// What is spoken.
    pub application: Application,
    /// The scenario of the site whose ports they are (PORT-1); none where no scenario describes it.
    pub scenario: Option<Scenario>,
    /// The requirements that ask for it: IDs of the domain, the one that names the ports first.
    pub requirements: Vec<&'static str>,
    /// Why, in words; several reasons are separated by semicolons.
    pub reason: String,
}

impl Flow {
    /// Whether one of its ends is that computer.
    pub fn touches(&self, system: &Name) -> bool {
        [&self.from, &self.to]
            .into_iter()
            .any(|end| matches!(end, Party::SiteSystem(it) if it == system))
    }

    /// Whether one of its ends belongs to that site.
    pub fn concerns(&self, hierarchy: &Hierarchy, site: &SiteCode) -> bool {
        [&self.from, &self.to].into_iter().any(|end| match end {
            Party::SiteSystem(name) => {
                hierarchy.site_systems.get(name).is_some_and(|it| it.site == *site)
            }
            Party::Clients { site: of, .. } | Party::SiteDatabase(of) => of == site,
            Party::UpstreamServer(_) | Party::MicrosoftUpdate | Party::Controller => false,
        })
    }
}
