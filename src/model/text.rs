//! Names that are valid once made: a private text, checked by its constructor, the same in YAML,
//! types, logs and messages.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a text is not a valid name of some kind: the text, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}: {rule}")]
pub struct InvalidText {
    /// The text as it was written.
    pub text: String,
    /// What it was meant to be, in the field's words.
    pub what: &'static str,
    /// What a valid one looks like.
    pub rule: &'static str,
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $pattern:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(
            Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(extend("pattern" = $pattern))]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidText { text: text.to_owned(), what: $what, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text!(
    /// The name of a resource (`metadata.name`): a DNS label, so that the same document is a valid
    /// Kubernetes object.
    Name,
    "name",
    "use 1 to 63 lower-case letters, digits and `-`, beginning and ending with a letter or digit",
    "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
    |text| {
        let label = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|&c| label(c) || c == b'-')
            && label(bytes[0])
            && label(bytes[bytes.len() - 1])
    }
);

checked_text!(
    /// A site code: three characters, unique in the hierarchy and immutable (TOP-2).
    SiteCode,
    "site code",
    "use exactly three characters, A-Z and 0-9",
    "^[A-Z0-9]{3}$",
    |text| text.len() == 3 && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
);

checked_text!(
    /// A package ID: eight characters, the site code of the site that owns the package first.
    PackageId,
    "package ID",
    "use eight characters: the site code (A-Z, 0-9), then five of A-Z and 0-9",
    "^[A-Z0-9]{8}$",
    |text| text.len() == 8 && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
);

checked_text!(
    /// A host: a DNS name or an IP address, without scheme or port.
    Address,
    "address",
    "use a DNS name or an IP address, without scheme, port or path",
    "^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$",
    |text| {
        if text.parse::<std::net::IpAddr>().is_ok() {
            return true;
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        text.len() <= 253 && text.split('.').all(label)
    }
);

impl Address {
    /// The address as it stands in a URL: an IPv6 address in brackets.
    pub fn in_url(&self) -> String {
        if self.0.contains(':') { format!("[{}]", self.0) } else { self.0.clone() }
    }
}

impl PackageId {
    /// The first three characters: the code of the site that owns the package.
    pub fn site_code(&self) -> &str {
        // Eight ASCII characters, checked by the constructor: the slice is in range and on a
        // character boundary.
        &self.0[..3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for good in ["a", "cen-wsus-1", "0", &"a".repeat(63)] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "ä", &"a".repeat(64)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn site_codes_have_three_characters() {
        assert!("CEN".parse::<SiteCode>().is_ok());
        for bad in ["", "CE", "CENT", "cen", "C N", "ÄÖÜ"] {
            assert!(bad.parse::<SiteCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn package_identifiers_begin_with_their_site() {
        let id: PackageId = "AMS00001".parse().unwrap();
        assert_eq!(id.site_code(), "AMS");
        assert!("AMS-0001".parse::<PackageId>().is_err());
    }

    #[test]
    fn addresses_are_hosts_only() {
        for good in ["cen-srv.contoso.example", "localhost", "127.0.0.1", "::1", "10.0.0.7"] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for bad in ["", "a..b", "http://a", "a:80", "a/b", "-a", "a b", "a\n"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
