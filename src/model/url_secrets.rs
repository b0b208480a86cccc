//! What a URL must not give away when it is shown: user names, passwords, tokens.

use std::{borrow::Cow, ops::Range};

use serde_json::Value;

/// Stands where something was hidden.
const HIDDEN: &str = "***";

const SCHEME_END: &str = "://";

/// A text without what its URLs hide: user information (`user:password@`), the values of a query
/// and a fragment. What a query's keys mean cannot be known, so all their values are taken for
/// secrets. Doing it twice changes nothing.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    replaced(text, |_| HIDDEN.to_owned())
}

/// The same with an asterisk for each letter of a secret, so that all others stay in their columns.
pub fn with_secrets_masked(text: &str) -> Cow<'_, str> {
    replaced(text, |secret| "*".repeat(secret.chars().count()))
}

fn replaced(text: &str, shown_as: impl Fn(&str) -> String) -> Cow<'_, str> {
    if !text.contains(SCHEME_END) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for secret in secrets(text) {
        shown.push_str(&text[at..secret.start]);
        shown.push_str(&shown_as(&text[secret.clone()]));
        at = secret.end;
    }
    shown.push_str(&text[at..]);
    Cow::Owned(shown)
}

/// Where a text hides something, in order.
fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = 0;
    loop {
        let begin = at + before(&text[at..], |it| it.find(SCHEME_END)).len() + SCHEME_END.len();
        let Some(after) = text.get(begin..) else { return all };
        at = begin + end(after);
        secrets_of(&text[begin..at], begin, &mut all);
    }
}

/// What is before a place in a text; all of it, if there is none. Whatever looks through a text that
/// can go on behind a URL does it by this, so that a test can count what is looked through.
fn before(text: &str, place: impl FnOnce(&str) -> Option<usize>) -> &str {
    let before = &text[..place(text).unwrap_or(text.len())];
    #[cfg(test)]
    tests::looked_through(before.len());
    before
}

/// Where a URL ends whose scheme is before this text. A secret may hold nearly every sign, so that it
/// ends only where no URL goes on: at a blank or a quotation mark that has no `@` of this URL after
/// it.
///
/// It looks no further than to this end or to the next URL, whichever is later: the search for the
/// next URL goes on there, and a text of nothing but URLs is looked through a few times only.
fn end(text: &str) -> usize {
    let first = first_end(text);
    let url = &text[..first];
    let to_next_url = before(text, |it| it.find(SCHEME_END));
    let sentence = before(to_next_url, |it| it.find('\n'));
    let run = if url.contains('@') || is_host(authority_in_sentence(url)) {
        // Nothing is missing unless a password goes on behind a quotation mark.
        before(sentence, |it| it.find(char::is_whitespace))
    } else {
        // `user:first word`, with the rest of the password behind a blank.
        sentence
    };
    let run = before(run, |it| closing(it, it.len()));
    match run.get(first..).and_then(|rest| rest.rfind('@')) {
        None => first,
        Some(user_end) => {
            let host = first + user_end;
            host + first_end(&text[host..])
        }
    }
}

/// The first sign at which a URL can end.
fn first_end(text: &str) -> usize {
    let ends = |sign: char| sign.is_whitespace() || matches!(sign, '"' | '<' | '>');
    let end = before(text, |it| it.find(ends)).len();
    closing(text, end).unwrap_or(end)
}

/// The first backtick among so many bytes of a text that closes a quotation: one that is followed by
/// nothing but the marks of a sentence and a blank. Any other one belongs to what is quoted.
fn closing(text: &str, within: usize) -> Option<usize> {
    let mark = |sign: char| matches!(sign, ',' | '.' | ';' | ':' | ')' | ']' | '}' | '"');
    let closes = |at: &usize| {
        let rest = &text[at + 1..];
        let marks = before(rest, |it| it.find(|sign| !mark(sign))).len();
        rest[marks..].chars().next().is_none_or(char::is_whitespace)
    };
    let within = before(text, |_| Some(within));
    within.match_indices('`').map(|(at, _)| at).find(closes)
}

fn authority(url: &str) -> &str {
    &url[..url.find(['/', '?', '#', '\\']).unwrap_or(url.len())]
}

/// The authority of a URL without the marks of the sentence behind its port: `host:8530: no answer`.
/// Marks within a URL, or right behind the colon, may begin a password.
fn authority_in_sentence(url: &str) -> &str {
    let authority = authority(url);
    let host = authority.trim_end_matches([',', '.', ';', ':', ')']);
    let has_port = host.contains(':');
    if authority.len() == url.len() && has_port { host } else { authority }
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

/// Adds where a URL hides something, whose scheme ends at `begin` of the text.
fn secrets_of(url: &str, begin: usize, all: &mut Vec<Range<usize>>) {
    let authority = authority(url);
    let host = authority.rfind('@').map_or(authority, |at| &authority[at + 1..]);
    // A password with an unescaped `/` seems to end the authority, and leaves no host behind.
    let user = if is_host(host) { authority.rfind('@') } else { url.rfind('@') };
    let mut at = 0;
    if let Some(user) = user {
        all.push(begin..begin + user);
        at = user;
    }
    let fragment = url[at..].find('#').map(|found| at + found);
    let before_fragment = fragment.unwrap_or(url.len());
    if let Some(query) = url[at..before_fragment].find('?') {
        let mut pair_at = at + query + 1;
        for pair in url[pair_at..before_fragment].split('&') {
            let value = pair.find('=').map_or(0, |equals| equals + 1);
            all.push(begin + pair_at + value..begin + pair_at + pair.len());
            pair_at += pair.len() + 1;
        }
    }
    if let Some(fragment) = fragment {
        all.push(begin + fragment + 1..begin + url.len());
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
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How many bytes may still be looked through.
        static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    pub(super) fn looked_through(bytes: usize) {
        LEFT.set(LEFT.get().checked_sub(bytes).expect("a text is looked through too often"));
    }

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

    #[test]
    fn a_quotation_mark_or_a_blank_in_a_password_ends_no_url() {
        for (text, shown) in [
            ("`http://bob:sEc`ret9@a:1` is taken", "`http://***@a:1` is taken"),
            ("`http://bob:sEc\"ret9@a:1`, `b`", "`http://***@a:1`, `b`"),
            ("`http://bob:sE<c>ret9@a`: no", "`http://***@a`: no"),
            ("`http://bob:sEc ret9@a` is no URL", "`http://***@a` is no URL"),
            ("`http://a?k=sEc`ret9`", "`http://a?k=***`"),
            ("[\"http://a:1\", \"bob@b\"]", "[\"http://a:1\", \"bob@b\"]"),
            ("http://a:1 is where bob@b is", "http://a:1 is where bob@b is"),
            ("`http://a:1` and `http://c:d@b`", "`http://a:1` and `http://***@b`"),
        ] {
            assert_eq!(without_secrets(text), shown);
            assert_eq!(without_secrets(shown), shown, "twice");
        }
    }

    #[test]
    fn an_explanation_behind_a_url_is_no_password() {
        for text in [
            "ftp://server:8530: cannot reach, ask bob@contoso.example",
            "ftp://server:8530, ftp://[::1]:8530; or ask bob@contoso.example",
            "(see ftp://[::1]:8530): cannot reach, ask bob@contoso.example",
            "ftp://server: cannot reach, ask bob@contoso.example",
            "ftp://server:8530/a: cannot reach, ask bob@contoso.example",
        ] {
            assert_eq!(without_secrets(text), text);
        }
        for (text, shown) in [
            ("ftp://a:b@server:8530: no, ask bob@b", "ftp://***@server:8530: no, ask bob@b"),
            ("ftp://bob:s3cret: s3cret@a", "ftp://***@a"),
            ("ftp://bob:12,/s3 cret@a", "ftp://***@a"),
            ("ftp://bob1:,; s3cret@a", "ftp://***@a"),
        ] {
            assert_eq!(without_secrets(text), shown);
            assert_eq!(without_secrets(shown), shown, "twice");
        }
    }

    #[test]
    fn a_text_of_nothing_but_urls_is_looked_through_a_few_times_only() {
        for unit in [
            "a:// `x",
            "://",
            "://@",
            "://`",
            "://`,",
            "`://\"",
            "`",
            "\"",
            "http://a:b ",
            "http://a:b@c ",
            "http://a:b `c`, ",
            "a://`\",,;@\"` <",
        ] {
            let text = format!("a://b:{}\n@", unit.repeat((1 << 20) / unit.len()));
            // Each of about ten searches comes by a byte once; a quadratic one would come by all that
            // follows again for each URL.
            LEFT.set(20 * text.len());
            println!("{unit}");
            with_secrets_masked(&text);
            LEFT.set(usize::MAX);
        }
    }

    #[test]
    fn a_mask_is_as_long_as_the_secret() {
        let text = "a: http://ada:s\u{e9}cret@b?k=12#3 # c";
        assert_eq!(with_secrets_masked(text), "a: http://**********@b?k=**#* # c");
        assert_eq!(with_secrets_masked("a: b"), "a: b");
    }
}
