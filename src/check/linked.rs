//! Documents as rules look at them, with every reference followed.

use super::document::Document;
use crate::model::{
    ContentProtocol, DistributionPointGroupSpec, DistributionPointSpec, PackageSpec, Ports,
    SiteSpec, SiteSystemSpec, SoftwareUpdatePointSpec,
};

/// A site. Links are numbers in the lists of all documents; they are missing where nothing is named,
/// and where no document of that name could be read.
pub(super) struct Site<'a> {
    pub(super) document: Document<'a, SiteSpec>,
    pub(super) parent: Option<usize>,
    pub(super) server: Option<usize>,
    /// The ports of its management point; missing where it has none, and unknown where its port
    /// settings are.
    pub(super) ports: Option<Ports>,
}

/// A site system.
pub(super) struct SiteSystem<'a> {
    pub(super) document: Document<'a, SiteSystemSpec>,
    pub(super) site: Option<usize>,
    /// The site whose server it is.
    pub(super) serves: Option<usize>,
    /// Its computer: the number of the first site system with its address.
    pub(super) computer: usize,
}

/// A software update point.
pub(super) struct UpdatePoint<'a> {
    pub(super) document: Document<'a, SoftwareUpdatePointSpec>,
    pub(super) site: Option<usize>,
    pub(super) system: Option<usize>,
    /// The ports it listens on; unknown where its port settings are.
    pub(super) ports: Option<Ports>,
    /// Whether it uses SSL; unknown where the mode of its site decides and is.
    pub(super) ssl: Option<bool>,
}

/// A distribution point.
pub(super) struct DistributionPoint<'a> {
    pub(super) document: Document<'a, DistributionPointSpec>,
    pub(super) site: Option<usize>,
    pub(super) system: Option<usize>,
    /// The ports it listens on; unknown where its port settings are.
    pub(super) ports: Option<Ports>,
    /// The protocol it serves; unknown where the mode of its site decides and is.
    pub(super) protocol: Option<ContentProtocol>,
    /// Its sources in the order written, whether it pulls or not.
    pub(super) sources: Vec<Option<usize>>,
}

/// A distribution point group.
pub(super) struct Group<'a> {
    pub(super) document: Document<'a, DistributionPointGroupSpec>,
    pub(super) members: Vec<Option<usize>>,
}

/// A package.
pub(super) struct Package<'a> {
    pub(super) document: Document<'a, PackageSpec>,
    pub(super) points: Vec<Option<usize>>,
    pub(super) groups: Vec<Option<usize>>,
}
