//! What is a custom resource, and by which names.

use crate::model::Kind;

/// What is a custom resource: every kind of document, and the plan of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The documents of a kind.
    Kind(Kind),
    /// What has to be done in a namespace. Nobody writes one but the operator; people annotate it.
    Plan,
}

impl Subject {
    /// All of them, in the order of the kinds.
    pub const ALL: [Self; Kind::ALL.len() + 1] = {
        let mut all = [Self::Plan; Kind::ALL.len() + 1];
        let mut number = 0;
        while number < Kind::ALL.len() {
            all[number] = Self::Kind(Kind::ALL[number]);
            number += 1;
        }
        all
    };

    /// The kind as objects have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.as_str(),
            Self::Plan => "Plan",
        }
    }

    /// The name of many, as it stands in addresses and in `kubectl get`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Kind(Kind::Site) => "sites",
            Self::Kind(Kind::SiteSystem) => "sitesystems",
            Self::Kind(Kind::PortSettings) => "portsettings",
            Self::Kind(Kind::SoftwareUpdatePoint) => "softwareupdatepoints",
            Self::Kind(Kind::DistributionPoint) => "distributionpoints",
            Self::Kind(Kind::DistributionPointGroup) => "distributionpointgroups",
            Self::Kind(Kind::Package) => "packages",
            Self::Kind(Kind::LocalUpdate) => "localupdates",
            Self::Kind(Kind::Notification) => "notifications",
            Self::Kind(Kind::MaintenanceWindow) => "maintenancewindows",
            Self::Plan => "plans",
        }
    }

    /// The kind that somebody means by a word, as `kubectl` takes it: its name, one or many, or the short one.
    pub fn meant(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        Self::ALL.into_iter().find(|it| {
            it.as_str().to_ascii_lowercase() == word
                || it.plural() == word
                || it.short_name() == Some(word.as_str())
        })
    }

    /// What is typed instead; a site has no shorter name than its own.
    pub(super) const fn short_name(self) -> Option<&'static str> {
        match self {
            Self::Kind(Kind::Site) => None,
            Self::Kind(Kind::SiteSystem) => Some("sys"),
            Self::Kind(Kind::PortSettings) => Some("ports"),
            Self::Kind(Kind::SoftwareUpdatePoint) => Some("sup"),
            Self::Kind(Kind::DistributionPoint) => Some("dp"),
            Self::Kind(Kind::DistributionPointGroup) => Some("dpg"),
            Self::Kind(Kind::Package) => Some("pkg"),
            Self::Kind(Kind::LocalUpdate) => Some("lu"),
            Self::Kind(Kind::Notification) => Some("notif"),
            Self::Kind(Kind::MaintenanceWindow) => Some("mw"),
            Self::Plan => Some("hwplan"),
        }
    }

    /// The fields by which objects can be asked for: those that say where they belong.
    pub(super) const fn selectable_fields(self) -> &'static [&'static str] {
        match self {
            Self::Kind(Kind::Site) => &[".spec.siteCode"],
            Self::Kind(Kind::SiteSystem) => &[".spec.site"],
            Self::Kind(Kind::SoftwareUpdatePoint | Kind::DistributionPoint) => {
                &[".spec.site", ".spec.siteSystem"]
            }
            Self::Kind(Kind::Package) => &[".spec.packageId"],
            _ => &[],
        }
    }
}
