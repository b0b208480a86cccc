//! The namespaces this program knows (protocol §1.2 and §2.1).

/// A namespace name, reduced to those that matter here: comparing one is comparing an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// No namespace.
    None,
    /// SOAP 1.1 envelope.
    Soap11,
    /// SOAP 1.2 envelope.
    Soap12,
    /// Server synchronisation and reporting (`SD` in the protocol notes).
    SoftwareDistribution,
    /// Authorization of downstream servers (`DA` in the protocol notes).
    DssAuth,
    /// `Ping`, which every service has (`MON` in the protocol notes).
    Monitorable,
    /// Update documents (`upd`).
    Update,
    /// Handler data of categories (`cat`).
    CategoryHandler,
    /// Rules about files, the registry and the like (`bar`).
    BaseRules,
    /// Rules about what the Windows Installer has installed (`mar`).
    MsiRules,
    /// Rules about devices and their drivers (`drv`).
    WindowsDriver,
    /// Any other, known or not; also a prefix that was never declared.
    Other,
}

impl Namespace {
    const NAMED: [(Self, &'static str); 10] = [
        (Self::Update, "http://schemas.microsoft.com/msus/2002/12/Update"),
        (Self::SoftwareDistribution, "http://www.microsoft.com/SoftwareDistribution"),
        (Self::DssAuth, "http://www.microsoft.com/SoftwareDistribution/Server/DssAuthWebService"),
        (Self::Monitorable, "http://www.microsoft.com/SoftwareDistribution/Server/IMonitorable"),
        (Self::Soap11, "http://schemas.xmlsoap.org/soap/envelope/"),
        (Self::Soap12, "http://www.w3.org/2003/05/soap-envelope"),
        (
            Self::CategoryHandler,
            "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category",
        ),
        (Self::BaseRules, "http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules"),
        (Self::MsiRules, "http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules"),
        (
            Self::WindowsDriver,
            "http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver",
        ),
    ];

    /// The namespace with this name.
    pub fn from_name(name: &str) -> Self {
        if name.is_empty() {
            return Self::None;
        }
        Self::NAMED.iter().find(|(_, known)| *known == name).map_or(Self::Other, |(it, _)| *it)
    }

    /// Its name; empty for [`Namespace::None`] and [`Namespace::Other`].
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(it, _)| *it == self).map_or("", |(_, name)| name)
    }
}
