//! Texts of notifications that are valid once made: addresses, names of files with secrets, and
//! repositories.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    InvalidText,
    text::{Parsed, checked_text, is_dns_name},
};

checked_text!(
    /// A file with a secret: its path below `secrets/notifications` of the controller's data
    /// directory. No manifest leads to any other file.
    SecretFile(Arc<str>),
    "file with a secret",
    "use a path below `secrets/notifications` of the data directory: names of letters, digits, \
     `.`, `_` and `-`, beginning with a letter or digit, with `/` between them",
    "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
    255,
    "operators/url",
    |text| text.len() <= 255 && text.split('/').all(|part| is_word(part, "._-"))
);

checked_text!(
    /// An HTTP URL that hides nothing: without user, query and fragment.
    WebUrl(Arc<str>),
    "URL",
    "use `https://HOST/PATH`, without user, password, `?` and `#`: what is secret stands in a file",
    "^https?://(\\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\\]|[A-Za-z0-9]\
     ([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:%/-]*)?$",
    1_024,
    "https://hooks.contoso.example/headwater",
    |text| text.len() <= 1_024 && is_web_url(text)
);

checked_text!(
    /// An address of electronic mail.
    MailAddress(Arc<str>),
    "mail address",
    "use `NAME@DOMAIN`, without spaces, quotes and brackets",
    "^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\
     (\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
    254,
    "operators@contoso.example",
    |text| {
        let mark = |it: u8| it.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_{|}~-".contains(&it);
        text.len() <= 254
            && text.split_once('@').is_some_and(|(name, domain)| {
                (1..=64).contains(&name.len()) && name.bytes().all(mark) && is_dns_name(domain)
            })
    }
);

checked_text!(
    /// A repository at a host of code: its owner or groups, and its name.
    CodeRepository(Arc<str>),
    "repository",
    "use `OWNER/NAME`, or `GROUP/SUBGROUP/NAME`",
    "^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$",
    255,
    "contoso/updates",
    |text| {
        let part = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
                && part.bytes().all(|it| is_word_mark(it, "._-"))
        };
        text.len() <= 255 && text.contains('/') && text.split('/').all(part)
    }
);

fn is_word_mark(byte: u8, marks: &str) -> bool {
    byte.is_ascii_alphanumeric() || marks.as_bytes().contains(&byte)
}

/// Letters, digits and some marks, and a letter or digit in front.
fn is_word(text: &str, marks: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|it| is_word_mark(it, marks))
}

fn is_web_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => {
            let address = |it: u8| it.is_ascii_hexdigit() || matches!(it, b':' | b'.');
            // The shortest is `::`.
            if host.matches(':').count() < 2 || !host.bytes().all(address) {
                return false;
            }
            (None, if port.is_empty() { None } else { Some(port) })
        }
        None => match authority.find(':') {
            Some(at) => (Some(&authority[..at]), Some(&authority[at..])),
            None => (Some(authority), None),
        },
    };
    let port = port.is_none_or(|port| {
        let digits = port.strip_prefix(':').unwrap_or_default();
        (1..=5).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    });
    let path = path.bytes().all(|it| is_word_mark(it, "._~!$&'()*+,;=:%/-"));
    host.is_none_or(is_dns_name) && port && path
}

impl WebUrl {
    /// Whether what is sent there stays on this computer.
    pub fn is_loopback(&self) -> bool {
        let text = self.as_str();
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((host, _)) => host,
            None => authority.split(':').next().unwrap_or_default(),
        };
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it is asked over TLS.
    pub fn is_secure(&self) -> bool {
        self.as_str().starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_only_below_the_directory_of_secrets() {
        for good in ["token", "operators/url", "a/b.c/d_e-f", "0"] {
            assert!(good.parse::<SecretFile>().is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "..", "a/../b", "a//b", "./a", ".a", "a/", "a b", "a\\b"] {
            assert!(bad.parse::<SecretFile>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_url_hides_nothing() {
        for good in ["https://a.example", "http://[::1]:80/x", "https://a.example:8443/b/c%20d"] {
            assert!(good.parse::<WebUrl>().is_ok(), "{good}");
        }
        for bad in [
            "a.example",
            "ftp://a.example",
            "https://",
            "https:///a",
            "https://user:password@a.example/",
            "https://a.example/?token=b",
            "https://a.example/#b",
            "https://a.example:/",
            "https://a.example:123456/",
            "https://a b.example/",
            "https://[a]/",
        ] {
            assert!(bad.parse::<WebUrl>().is_err(), "{bad}");
        }
        let loopback = |text: &str| text.parse::<WebUrl>().unwrap().is_loopback();
        assert!(loopback("http://127.0.0.1:80/a") && loopback("http://[::1]/"));
        assert!(loopback("http://localhost:1") && !loopback("http://localhost.example/"));
    }

    #[test]
    fn addresses_and_repositories_cannot_carry_anything_else() {
        assert!("a.b+c@d.example".parse::<MailAddress>().is_ok());
        for bad in ["a", "@b", "a@", "a b@c", "a@b\r\nRCPT TO:<c@d>", "<a@b>", "a@b@c", "\"a\"@b"] {
            assert!(bad.parse::<MailAddress>().is_err(), "{bad}");
        }
        for good in ["contoso/updates", "a/b/c", "_a/b.c-d"] {
            assert!(good.parse::<CodeRepository>().is_ok(), "{good}");
        }
        for bad in ["a", "a/", "/a", "a/../b", "a/b?c", "a//b", "a/.b"] {
            assert!(bad.parse::<CodeRepository>().is_err(), "{bad}");
        }
    }
}
