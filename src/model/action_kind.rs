//! The closed vocabulary of actions.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that can be done to a hierarchy. Used alike in text, JSON, events and metrics.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ActionKind {
    /// Create a site system, or bring what it knows of itself up to date (TOP-3).
    CreateSiteSystem,
    /// Install WSUS on a site system (SUP-2).
    InstallUpdateServices,
    /// Install the WSUS administration console on the site server (SUP-3).
    InstallAdministrationConsole,
    /// Require a secured channel for the five virtual roots (SUP-6).
    ConfigureSsl,
    /// Make a site system a software update point (SUP-5).
    AddSoftwareUpdatePoint,
    /// Change the settings of a software update point (SUP-8).
    ConfigureSoftwareUpdatePoint,
    /// Connect to the ports of a software update point and see that it answers (SUP-5).
    VerifyPorts,
    /// Publish an update of a local publisher at the top, or a further revision of it (SYNC-10).
    PublishLocalUpdate,
    /// Bring the categories before the rest (SUP-9). Nothing plans it: a synchronization brings them first by itself.
    SynchronizeCategories,
    /// Synchronize a software update point with its upstream (SYNC-4, SYNC-5, SYNC-6).
    Synchronize,
    /// Import an export file into a software update point (SYNC-7).
    ImportUpdates,
    /// Tell the clients of a site where their WSUS server is, and to scan (SYNC-9).
    PublishClientPolicy,
    /// Make a site system a distribution point (PDP-1).
    AddDistributionPoint,
    /// Change the settings of a distribution point; of a package, at which distribution points clients
    /// may ask for it (PDP-3).
    ConfigureDistributionPoint,
    /// Make a distribution point pull, or change its sources (PDP-4).
    EnablePull,
    /// Return a pull distribution point to normal (PDP-4).
    DisablePull,
    /// Bring a package to a content library (PDP-1, PDP-5).
    DistributeContent,
    /// Bring a newer version of a package to a content library.
    UpdateContent,
    /// Hash the content of a library again (PDP-15).
    ValidateContent,
    /// Publish a revision of a local publisher's update that says that it has expired (SYNC-10).
    ExpireLocalUpdate,
    /// Remove a package from a content library.
    RemoveContent,
    /// End a distribution point and its content.
    RemoveDistributionPoint,
    /// End a software update point; its catalog stays.
    RemoveSoftwareUpdatePoint,
    /// Remove WSUS and its catalog from a site system.
    UninstallUpdateServices,
    /// Remove a site system.
    RemoveSiteSystem,
}

impl ActionKind {
    /// The whole vocabulary.
    pub const ALL: [Self; 25] = [
        Self::CreateSiteSystem,
        Self::InstallUpdateServices,
        Self::InstallAdministrationConsole,
        Self::ConfigureSsl,
        Self::AddSoftwareUpdatePoint,
        Self::ConfigureSoftwareUpdatePoint,
        Self::VerifyPorts,
        Self::PublishLocalUpdate,
        Self::SynchronizeCategories,
        Self::Synchronize,
        Self::ImportUpdates,
        Self::PublishClientPolicy,
        Self::AddDistributionPoint,
        Self::ConfigureDistributionPoint,
        Self::EnablePull,
        Self::DisablePull,
        Self::DistributeContent,
        Self::UpdateContent,
        Self::ValidateContent,
        Self::ExpireLocalUpdate,
        Self::RemoveContent,
        Self::RemoveDistributionPoint,
        Self::RemoveSoftwareUpdatePoint,
        Self::UninstallUpdateServices,
        Self::RemoveSiteSystem,
    ];

    /// Whether it changes a site system. The others only look, and put right what they find damaged:
    /// they need no maintenance window and nobody's approval.
    pub const fn changes_a_site_system(self) -> bool {
        !matches!(self, Self::VerifyPorts | Self::ValidateContent)
    }

    /// Whether it is tried again by timers of its own: synchronizations and imports by that of their site
    /// (SYNC-8), what is sent or pulled by those of distribution (PDP-5, PDP-7, PDP-14).
    pub const fn has_its_own_timers(self) -> bool {
        matches!(
            self,
            Self::Synchronize | Self::ImportUpdates | Self::DistributeContent | Self::UpdateContent
        )
    }

    /// Whether it takes something away that is not wanted any more: such actions need to be
    /// confirmed.
    pub const fn removes(self) -> bool {
        matches!(
            self,
            Self::ExpireLocalUpdate
                | Self::RemoveContent
                | Self::RemoveDistributionPoint
                | Self::RemoveSoftwareUpdatePoint
                | Self::UninstallUpdateServices
                | Self::RemoveSiteSystem
        )
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variant's name is the word of the vocabulary.
        write!(f, "{self:?}")
    }
}
