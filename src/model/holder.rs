//! Which process keeps a hierarchy: what it has written into the lock of the data directory.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A process that holds the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// What is typed behind `headwater` for it, such as `controller`; nothing for a command that ends by
    /// itself.
    pub command: String,
    /// The computer that it runs on.
    pub host: String,
    /// Its number there.
    pub process_id: u32,
    /// Since when it holds it.
    pub since: Timestamp,
    /// Whether it stays until somebody ends it.
    pub stays: bool,
    /// Whether it brings about what the manifests say, again and again.
    pub reconciles: bool,
}

/// Who holds the data directory, and whether it lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldBy {
    /// The process.
    #[serde(flatten)]
    pub holder: Holder,
    /// When it gave a sign of life last, by its own clock.
    pub alive_at: Timestamp,
}

impl HeldBy {
    /// How often a holder that stays gives a sign of life.
    pub const BEAT: SignedDuration = SignedDuration::from_secs(5);
    /// After so long without a sign of life it is stopped or hung, or its disk is: three are missing.
    pub const SILENCE: SignedDuration = SignedDuration::from_secs(20);

    /// For how long it has given no sign of life, if that is too long.
    pub fn silent_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let silent = now.duration_since(self.alive_at);
        (self.holder.stays && silent >= Self::SILENCE).then_some(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_stays_has_to_give_signs_of_life() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let holder = Holder {
            command: "controller".to_owned(),
            host: "cen-srv".to_owned(),
            process_id: 17,
            since: at(0),
            stays: true,
            reconciles: true,
        };
        let mut held = HeldBy { holder, alive_at: at(100) };
        assert_eq!(held.silent_for(at(119)), None);
        assert_eq!(held.silent_for(at(121)), Some(SignedDuration::from_secs(21)));
        assert_eq!(held.silent_for(at(0)), None, "its clock is ahead");
        held.holder.stays = false;
        assert_eq!(held.silent_for(at(1_000)), None);
    }
}
