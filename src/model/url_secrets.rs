//! What a URL must not give away when it is shown: user names, passwords, tokens.

use std::borrow::Cow;

use serde_json::Value;

/// Stands where something was hidden.
const HIDDEN: &str = "***";

/// A text without what its URLs hide: user information (`user:password@`), the values of a query
/// and a fragment. What a query's keys mean cannot be known, so all their values are taken for
/// secrets. Doing it twice changes nothing.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    const SCHEME_END: &str = "://";
    if !text.contains(SCHEME_END) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SCHEME_END) {
        let (scheme, after) = rest.split_at(at + SCHEME_END.len());
        shown.push_str(scheme);
        // A secret may hold nearly every sign, so that a URL ends only where no URL goes on.
        let ends = |sign: char| sign.is_whitespace() || matches!(sign, '"' | '`' | '<' | '>');
        let (url, after) = after.split_at(after.find(ends).unwrap_or(after.len()));
        hide(url, &mut shown);
        rest = after;
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// The same for every text in a value.
pub fn hide_secrets_in(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = without_secrets(text) {
                *text = shown;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(hide_secrets_in),
        Value::Object(map) => map.values_mut().for_each(hide_secrets_in),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Writes what follows the scheme of a URL, without its secrets.
fn hide(url: &str, shown: &mut String) {
    let authority = &url[..url.find(['/', '?', '#', '\\']).unwrap_or(url.len())];
    let host = authority.rfind('@').map_or(authority, |at| &authority[at + 1..]);
    // A password with an unescaped `/` seems to end the authority, and leaves no host behind.
    let user = if is_host(host) { authority.rfind('@') } else { url.rfind('@') };
    let mut rest = url;
    if let Some(at) = user {
        shown.push_str(HIDDEN);
        rest = &url[at..];
    }
    let (rest, fragment) = match rest.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (rest, None),
    };
    match rest.split_once('?') {
        None => shown.push_str(rest),
        Some((path, query)) => {
            shown.push_str(path);
            shown.push('?');
            for (number, pair) in query.split('&').enumerate() {
                if number > 0 {
                    shown.push('&');
                }
                if let Some((key, _)) = pair.split_once('=') {
                    shown.push_str(key);
                    shown.push('=');
                }
                shown.push_str(HIDDEN);
            }
        }
    }
    if fragment.is_some() {
        shown.push('#');
        shown.push_str(HIDDEN);
    }
}

/// Whether a text can be a host with or without a port.
fn is_host(text: &str) -> bool {
    let text = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, port)) => port,
        None => text,
    };
    text.split_once(':').is_none_or(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_hides_is_not_shown() {
        for (url, shown) in [
            ("http://wsus.contoso.example:8530", "http://wsus.contoso.example:8530"),
            ("http://[::1]:8530/a@b", "http://[::1]:8530/a@b"),
            ("https://ada:s3cret@wsus.contoso.example/a", "https://***@wsus.contoso.example/a"),
            ("https://ghp-s3cret@wsus.contoso.example", "https://***@wsus.contoso.example"),
            ("https://ada:s3@cret@wsus.contoso.example", "https://***@wsus.contoso.example"),
            ("https://ada:s3/cret@wsus.contoso.example/a", "https://***@wsus.contoso.example/a"),
            ("https://ada:s3?cr#et@wsus.contoso.example/a", "https://***@wsus.contoso.example/a"),
            ("https://a@ada:s3/cret@wsus.contoso.example", "https://***@wsus.contoso.example"),
            (
                "https://store.example/a?sv=s3cret&sig=s3cret",
                "https://store.example/a?sv=***&sig=***",
            ),
            ("https://store.example?s3cret", "https://store.example?***"),
            ("https://store.example/#token=s3cret", "https://store.example/#***"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_secrets(url), shown);
            assert_eq!(without_secrets(shown), shown, "twice");
        }
    }

    #[test]
    fn urls_are_found_within_sentences() {
        let text =
            "cannot ask `http://ada:s3cret@a:1`, nor \"https://b?k=s3cret\" and ftp://c:s3cret@d";
        let shown = "cannot ask `http://***@a:1`, nor \"https://b?k=***\" and ftp://***@d";
        assert_eq!(without_secrets(text), shown);
    }
}
