//! Status messages: what happened, under the field's own numbers (SYNC-4, SYNC-8, PDP-14).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SiteCode;

/// The number of a status message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "u16", into = "u16")]
pub enum StatusMessageId {
    /// 2300: Distribution Manager is processing a package.
    PackageProcessing,
    /// 2301: Distribution Manager has processed a package.
    PackageProcessed,
    /// 2330: the content is on the distribution point.
    ContentOnDistributionPoint,
    /// 2357: a transfer job was made for Package Transfer Manager.
    TransferJobMade,
    /// 6701: the synchronization started.
    SynchronizationStarted,
    /// 6702: the synchronization is complete.
    SynchronizationComplete,
    /// 6703: the synchronization failed.
    SynchronizationFailed,
    /// 6704: in progress, the update services synchronize.
    SynchronizingUpdateServices,
    /// 6705: in progress, metadata enters the site database.
    SynchronizingSiteDatabase,
    /// 6706: in progress, the Internet-based point synchronizes.
    SynchronizingInternetBased,
    /// 8200: the content was sent to a standard distribution point.
    ContentSent,
    /// 8210: the pull distribution point has finished.
    PullFinished,
    /// 8211: the pull distribution point is at capacity.
    PullAtCapacity,
    /// 8212: no source has the content yet.
    NoSourceHasContent,
}

impl StatusMessageId {
    const NUMBERS: [(Self, u16); 14] = [
        (Self::PackageProcessing, 2300),
        (Self::PackageProcessed, 2301),
        (Self::ContentOnDistributionPoint, 2330),
        (Self::TransferJobMade, 2357),
        (Self::SynchronizationStarted, 6701),
        (Self::SynchronizationComplete, 6702),
        (Self::SynchronizationFailed, 6703),
        (Self::SynchronizingUpdateServices, 6704),
        (Self::SynchronizingSiteDatabase, 6705),
        (Self::SynchronizingInternetBased, 6706),
        (Self::ContentSent, 8200),
        (Self::PullFinished, 8210),
        (Self::PullAtCapacity, 8211),
        (Self::NoSourceHasContent, 8212),
    ];

    /// The field's number.
    pub fn number(self) -> u16 {
        // Every variant stands in the table: `numbers_are_the_fields_own` holds it to that.
        Self::NUMBERS.iter().find(|(id, _)| *id == self).map_or(0, |(_, number)| *number)
    }
}

impl From<StatusMessageId> for u16 {
    fn from(id: StatusMessageId) -> Self {
        id.number()
    }
}

impl TryFrom<u16> for StatusMessageId {
    type Error = String;

    fn try_from(number: u16) -> Result<Self, String> {
        Self::NUMBERS
            .iter()
            .find(|(_, known)| *known == number)
            .map(|(id, _)| *id)
            .ok_or_else(|| format!("{number} is not a known status message"))
    }
}

impl fmt::Display for StatusMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// A status message: what happened, when, at which site and to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusMessage {
    /// The number.
    pub id: StatusMessageId,
    /// When it happened.
    pub at: jiff::Timestamp,
    /// The site that reports it.
    pub site: SiteCode,
    /// What it is about: a resource's name, a package and a distribution point.
    pub subject: String,
    /// What happened, in words.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_fields_own() {
        for (id, number) in StatusMessageId::NUMBERS {
            assert_eq!(id.number(), number);
            assert_eq!(StatusMessageId::try_from(number), Ok(id));
        }
        assert!(StatusMessageId::try_from(6700).is_err());
    }
}
