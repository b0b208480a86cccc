//! How a distribution point says on its content port that it is one, and which: any web server may
//! hold the port, and only the point answers this.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// The path that is asked.
pub const PATH: &str = "/distribution-point";

/// The header with which a distribution point that cuts through says, beside `503`, that it pulls the
/// file itself: whoever asks should wait longer than for one that is only busy.
pub const COMING: &str = "headwater-coming";

/// The longest answer that is read: a name has at most 63 letters, and nothing else is in it.
const MOST_BYTES: usize = 1 << 10;

/// What a distribution point answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentIdentity {
    /// Its name.
    pub distribution_point: Name,
}

/// An answer is not a distribution point's.
#[derive(Debug, thiserror::Error)]
#[error("it does not say that it is a distribution point")]
pub struct NoContentIdentity;

impl ContentIdentity {
    /// As JSON.
    pub fn encode(&self) -> String {
        // A name is a JSON text whatever it is.
        serde_json::json!({ "distributionPoint": self.distribution_point }).to_string()
    }

    /// Reads an answer. Fields that a later version adds are passed over.
    ///
    /// # Errors
    ///
    /// It is not one, or longer than any.
    pub fn decode(body: &[u8]) -> Result<Self, NoContentIdentity> {
        let read = (body.len() <= MOST_BYTES).then(|| serde_json::from_slice(body).ok());
        read.flatten().ok_or(NoContentIdentity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_distribution_point_says_so() {
        let identity = ContentIdentity { distribution_point: "branch".parse().unwrap() };
        let text = identity.encode();
        assert_eq!(text, r#"{"distributionPoint":"branch"}"#);
        assert_eq!(ContentIdentity::decode(text.as_bytes()).unwrap(), identity);
        let long = format!("{{\"distributionPoint\":\"a\"{}}}", " ".repeat(MOST_BYTES));
        let strange = [r#"{"distributionPoint":"No Name"}"#, "{}", "<h1>It works!</h1>", "", &long];
        for strange in strange {
            assert!(ContentIdentity::decode(strange.as_bytes()).is_err(), "{strange}");
        }
    }
}
