//! Names that are valid once made: a private text, checked by its constructor, the same in YAML,
//! types, logs and messages. A copy costs nothing: long texts are shared, short ones held in place.

use std::{borrow::Cow, fmt, marker::PhantomData, net::Ipv6Addr, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// A text of so many ASCII characters, held in place: millions of package IDs are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ascii<const LENGTH: usize>([u8; LENGTH]);

impl<const LENGTH: usize> From<&str> for Ascii<LENGTH> {
    /// Of a text that was checked: it has the length, and is ASCII.
    fn from(text: &str) -> Self {
        let mut bytes = [b'0'; LENGTH];
        for (byte, character) in bytes.iter_mut().zip(text.bytes()) {
            *byte = character;
        }
        Self(bytes)
    }
}

impl<const LENGTH: usize> AsRef<str> for Ascii<LENGTH> {
    fn as_ref(&self) -> &str {
        // ASCII is UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

macro_rules! checked_text {
    (
        $(#[$doc:meta])* $name:ident($held:ty), $what:literal, $rule:literal,
        $pattern:literal, $longest:literal, $example:literal, $valid:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        #[schemars(
            with = "String",
            extend("pattern" = $pattern, "maxLength" = $longest, "examples" = [$example])
        )]
        pub struct $name($held);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                self.0.as_ref()
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(<$held>::from(text)))
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
                name.as_str().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Parsed::from(deserializer)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A text in small letters, for names that mean the same in any case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SmallLetters(Arc<str>);

impl From<&str> for SmallLetters {
    fn from(text: &str) -> Self {
        Self(Arc::from(text.to_ascii_lowercase()))
    }
}

impl AsRef<str> for SmallLetters {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Reads a checked text where it stands, without a copy in between.
pub(super) struct Parsed<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Parsed<T> {
    /// The value that a text says.
    pub(super) fn from<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(Self(PhantomData))
    }
}

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

pub(super) use checked_text;

checked_text!(
    /// The name of a resource (`metadata.name`): a DNS label, so that the same document is a valid
    /// Kubernetes object.
    Name(Arc<str>),
    "name",
    "use 1 to 63 lower-case letters, digits and `-`, beginning and ending with a letter or digit",
    "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
    63,
    "ams-dp1",
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
    SiteCode(Ascii<3>),
    "site code",
    "use exactly three characters, A-Z and 0-9",
    "^[A-Z0-9]{3}$",
    3,
    "AMS",
    |text| text.len() == 3 && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
);

checked_text!(
    /// A package ID: eight characters, the site code of the site that owns the package first.
    PackageId(Ascii<8>),
    "package ID",
    "use eight characters: the site code (A-Z, 0-9), then five of A-Z and 0-9",
    "^[A-Z0-9]{8}$",
    8,
    "AMS00001",
    |text| text.len() == 8 && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
);

checked_text!(
    /// A host: a DNS name or an IP address, without scheme or port.
    Address(Arc<str>),
    "address",
    "use a DNS name or an IP address, without scheme, port or path",
    // Labels with dots between them, or what looks like an IPv6 address.
    "^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\
     |[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
    253,
    "ams-srv.contoso.example",
    |text| {
        if text.parse::<std::net::IpAddr>().is_ok() {
            return true;
        }
        is_dns_name(text)
    }
);

checked_text!(
    /// An Active Directory forest, by its DNS name, in any case.
    Forest(SmallLetters),
    "forest",
    "use the DNS name of the forest, such as `contoso.example`",
    "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
    253,
    "contoso.example",
    is_dns_name
);

checked_text!(
    /// A Knowledge Base article.
    Article(Arc<str>),
    "Knowledge Base article",
    "use `KB` and 4 to 10 digits, such as `KB5031364`",
    "^KB[0-9]{4,10}$",
    12,
    "KB5031364",
    |text| {
        let digits = text.strip_prefix("KB").unwrap_or_default();
        (4..=10).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    }
);

/// Labels with dots between them.
pub(super) fn is_dns_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

impl Address {
    /// The address as it is compared: see [`folded`].
    pub fn folded(&self) -> Cow<'_, str> {
        folded(&self.0)
    }

    /// The address as it stands in a URL: an IPv6 address in brackets.
    pub fn in_url(&self) -> String {
        if self.as_str().contains(':') { format!("[{self}]") } else { self.to_string() }
    }
}

/// A host as it is compared: DNS names mean the same in any case, and an IPv6 address can be written
/// in many ways.
pub fn folded(host: &str) -> Cow<'_, str> {
    if host.contains(':')
        && let Ok(address) = host.parse::<Ipv6Addr>()
    {
        return Cow::Owned(address.to_string());
    }
    if host.bytes().any(|letter| letter.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

impl PackageId {
    /// The first three characters: the code of the site that owns the package.
    pub fn site_code(&self) -> &str {
        // Eight ASCII characters, checked by the constructor: the slice is in range and on a
        // character boundary.
        &self.as_str()[..3]
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
    fn addresses_are_compared_without_case() {
        let address: Address = "CEN-srv.Contoso.example".parse().unwrap();
        assert_eq!(address.folded(), "cen-srv.contoso.example");
    }

    #[test]
    fn one_ipv6_address_is_the_same_however_it_is_written() {
        for text in ["::1", "0:0:0:0:0:0:0:1", "0000::0001"] {
            assert_eq!(folded(text), "::1");
        }
        assert_eq!(folded("FE80::A"), "fe80::a");
    }

    #[test]
    fn forests_are_dns_names_in_any_case() {
        let forest: Forest = "CONTOSO.example".parse().unwrap();
        assert_eq!(forest, "contoso.EXAMPLE".parse().unwrap());
        assert_eq!(forest.as_str(), "contoso.example");
        for bad in ["", "contoso ", "a..b", "::1", "a_b"] {
            assert!(bad.parse::<Forest>().is_err(), "{bad}");
        }
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
