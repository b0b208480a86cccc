//! Versions of sites and of the software on site systems (TOP-2, SUP-2).

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::InvalidText;

/// The product version of a site (TOP-2), oldest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "SiteVersionText")]
pub enum SiteVersion {
    /// 2007, without a service pack.
    V2007,
    /// 2007 Service Pack 1.
    V2007Sp1,
    /// 2007 R2 (needs Service Pack 1).
    V2007R2,
    /// 2007 Service Pack 2.
    V2007Sp2,
    /// 2007 R3 (needs Service Pack 2).
    V2007R3,
    /// A current-branch version: year and month as four digits, such as 2403.
    Current(u16),
}

/// The product version of a site: `2007`, `2007 SP1`, `2007 SP2`, `2007 R2`, `2007 R3`, or four
/// digits such as `2403`; in quotes.
#[derive(JsonSchema)]
#[schemars(rename = "SiteVersion")]
struct SiteVersionText(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(
        regex(pattern = "^(2007( (SP1|SP2|R2|R3))?|[0-9]{4})$"),
        extend("examples" = ["2403", "2007 SP2"])
    )]
    String,
);

impl SiteVersion {
    /// The oldest WSUS that a site of this version works with (SUP-2).
    pub const fn oldest_wsus(self) -> WsusVersion {
        match self {
            Self::V2007 => WsusVersion::V3_0,
            _ => WsusVersion::V3_0Sp1,
        }
    }
}

impl FromStr for SiteVersion {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        Ok(match text {
            "2007" => Self::V2007,
            "2007 SP1" => Self::V2007Sp1,
            "2007 R2" => Self::V2007R2,
            "2007 SP2" => Self::V2007Sp2,
            "2007 R3" => Self::V2007R3,
            _ if text.len() == 4 && text.bytes().all(|c| c.is_ascii_digit()) => {
                Self::Current(text.parse().unwrap_or_default())
            }
            _ => {
                let rule = if text.contains('.') {
                    "write the version, such as \"2403\", in quotes, and not the number of a build"
                } else {
                    "write \"2007\", \"2007 SP1\", \"2007 SP2\", \"2007 R2\", \"2007 R3\" or four \
                     digits such as \"2403\", in quotes"
                };
                return Err(InvalidText { text: text.to_owned(), what: "site version", rule });
            }
        })
    }
}

impl fmt::Display for SiteVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V2007 => f.write_str("2007"),
            Self::V2007Sp1 => f.write_str("2007 SP1"),
            Self::V2007R2 => f.write_str("2007 R2"),
            Self::V2007Sp2 => f.write_str("2007 SP2"),
            Self::V2007R3 => f.write_str("2007 R3"),
            Self::Current(version) => write!(f, "{version:04}"),
        }
    }
}

impl TryFrom<String> for SiteVersion {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<SiteVersion> for String {
    fn from(version: SiteVersion) -> Self {
        version.to_string()
    }
}

/// The version of WSUS on a computer (SUP-2), oldest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum WsusVersion {
    /// WSUS 3.0.
    #[serde(rename = "3.0")]
    V3_0,
    /// WSUS 3.0 Service Pack 1.
    #[serde(rename = "3.0 SP1")]
    V3_0Sp1,
    /// WSUS 3.0 Service Pack 2.
    #[serde(rename = "3.0 SP2")]
    V3_0Sp2,
    /// WSUS of Windows Server 2016 and newer.
    #[serde(rename = "10.0")]
    V10_0,
}

impl fmt::Display for WsusVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V3_0 => "3.0",
            Self::V3_0Sp1 => "3.0 SP1",
            Self::V3_0Sp2 => "3.0 SP2",
            Self::V10_0 => "10.0",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn site_versions_read_back() {
        for text in ["2007", "2007 SP1", "2007 SP2", "2007 R2", "2007 R3", "2403", "0101"] {
            assert_eq!(text.parse::<SiteVersion>().unwrap().to_string(), text);
        }
        for bad in ["", "2007 SP3", "2007SP1", "24", "24030", "24a3"] {
            assert!(bad.parse::<SiteVersion>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_number_of_a_build_is_told_from_a_version() {
        let error = "5.00.9128.1007".parse::<SiteVersion>().unwrap_err();
        assert!(error.rule.ends_with("not the number of a build"), "{error}");
    }

    #[test]
    fn a_site_at_service_pack_1_needs_wsus_3_0_service_pack_1() {
        assert_eq!(SiteVersion::V2007.oldest_wsus(), WsusVersion::V3_0);
        assert_eq!(SiteVersion::V2007Sp1.oldest_wsus(), WsusVersion::V3_0Sp1);
        assert!(WsusVersion::V3_0Sp1 < WsusVersion::V10_0);
    }
}
