//! Whether a request comes from somebody who knows the secret: every form in which git servers show
//! that.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};

use super::HookSecrets;

/// Whether a request is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Genuine {
    /// Its sender knows the secret.
    Yes,
    /// It shows something, which is not right.
    No,
    /// It shows nothing.
    NothingShown,
}

/// Headers with the HMAC-SHA256 of the body in hexadecimal digits, some with `sha256=` in front: ours,
/// GitHub's, Gitea's and Forgejo's.
const OF_BODY: [&str; 4] =
    ["x-headwater-signature", "x-hub-signature-256", "x-gitea-signature", "x-forgejo-signature"];

/// The header in which GitLab sends the secret itself.
const TOKEN: &str = "x-gitlab-token";

/// The header of Standard Webhooks, which GitLab sends where a signing token is set: signatures of
/// `ID.TIMESTAMP.BODY` in base64, each behind `v1,`.
const STANDARD: &str = "webhook-signature";

/// What a key of Standard Webhooks begins with; the rest is the key in base64.
const STANDARD_KEY: &[u8] = b"whsec_";

/// How old or how early a request of Standard Webhooks may be, as its specification has it.
const NOW: SignedDuration = SignedDuration::from_mins(5);

/// Signatures in one header: two keys are in use while one is exchanged.
const MOST_SIGNATURES: usize = 8;

/// Whether a request is genuine. Every comparison takes the same time, wherever the first difference is.
pub(super) fn genuine(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &HookSecrets,
    now: Timestamp,
) -> Genuine {
    let mut shown = false;
    for name in OF_BODY {
        let Some(signature) = headers.get(name) else { continue };
        shown = true;
        if let Some(tag) = tag_of_hex(signature)
            && secrets.iter().any(|secret| signs(secret, &[body], &tag))
        {
            return Genuine::Yes;
        }
    }
    if let Some(token) = headers.get(TOKEN) {
        shown = true;
        let same = |secret| verify_slices_are_equal(token.as_bytes(), secret).is_ok();
        if secrets.iter().any(same) {
            return Genuine::Yes;
        }
    }
    if headers.contains_key(STANDARD) {
        shown = true;
        if standard(headers, body, secrets, now).unwrap_or(false) {
            return Genuine::Yes;
        }
    }
    if shown { Genuine::No } else { Genuine::NothingShown }
}

/// The same for Standard Webhooks; `None` if something is missing or cannot be read.
fn standard(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &HookSecrets,
    now: Timestamp,
) -> Option<bool> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let (id, at) = (text("webhook-id")?, text("webhook-timestamp")?);
    let sent = Timestamp::from_second(at.parse().ok()?).ok()?;
    if now.duration_since(sent).abs() > NOW {
        return Some(false);
    }
    let signatures = text(STANDARD)?.split(' ').take(MOST_SIGNATURES);
    let mut tags = signatures
        .filter_map(|it| it.strip_prefix("v1,"))
        .filter_map(|it| BASE64_STANDARD.decode(it).ok());
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", at.as_bytes(), b".", body];
    Some(tags.any(|tag| secrets.iter().any(|secret| signs(&key(secret), &parts, &tag))))
}

/// The key of Standard Webhooks that a secret is.
fn key(secret: &[u8]) -> Vec<u8> {
    let encoded = secret.strip_prefix(STANDARD_KEY);
    encoded.and_then(|it| BASE64_STANDARD.decode(it).ok()).unwrap_or_else(|| secret.to_vec())
}

/// What a header says in hexadecimal digits.
fn tag_of_hex(header: &HeaderValue) -> Option<Vec<u8>> {
    let text = header.to_str().ok()?;
    hex::decode(text.strip_prefix("sha256=").unwrap_or(text)).ok()
}

/// Whether a tag is that of a message in several parts.
fn signs(secret: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    verify_slices_are_equal(context.sign().as_ref(), tag).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> HookSecrets {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, text).unwrap();
        HookSecrets::read(&path).unwrap()
    }

    fn judged(headers: &[(&'static str, &str)], body: &str, secret: &str) -> Genuine {
        let headers = headers.iter().map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        let now = "2026-11-29T17:00:00Z".parse().unwrap();
        genuine(&headers.collect(), body.as_bytes(), &secrets(secret), now)
    }

    /// The example in GitHub's documentation of its deliveries.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &str = "Hello, World!";
    const TAG: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn a_signature_of_the_body_is_taken_in_each_of_the_headers() {
        let prefixed = format!("sha256={TAG}");
        for name in OF_BODY {
            for tag in [TAG, &prefixed] {
                assert_eq!(judged(&[(name, tag)], BODY, SECRET), Genuine::Yes, "{name}");
            }
            // An old secret holds until its line is taken out.
            let both = format!("another secret, newer\n{SECRET}\n");
            assert_eq!(judged(&[(name, TAG)], BODY, &both), Genuine::Yes);
            assert_eq!(judged(&[(name, TAG)], "Hello, World?", SECRET), Genuine::No);
            assert_eq!(judged(&[(name, TAG)], BODY, "another secret, newer"), Genuine::No);
            for wrong in ["", "sha256=", &TAG[..32], "sha1=757107ea", "é", SECRET] {
                let Ok(_) = HeaderValue::from_str(wrong) else { continue };
                assert_eq!(judged(&[(name, wrong)], BODY, SECRET), Genuine::No, "{wrong}");
            }
        }
        assert_eq!(judged(&[], BODY, SECRET), Genuine::NothingShown);
        assert_eq!(judged(&[("authorization", TAG)], BODY, SECRET), Genuine::NothingShown);
    }

    #[test]
    fn the_token_of_gitlab_has_to_be_the_secret() {
        assert_eq!(judged(&[(TOKEN, SECRET)], BODY, SECRET), Genuine::Yes);
        for wrong in ["", "It's a Secret to Everybod", "It's a Secret to Everybody!"] {
            assert_eq!(judged(&[(TOKEN, wrong)], BODY, SECRET), Genuine::No, "{wrong}");
        }
    }

    /// Computed with `openssl dgst -sha256 -mac HMAC` over `msg_1.1795971600.{"ref":"refs/heads/main"}`.
    #[test]
    fn standard_webhooks_are_taken_for_five_minutes() {
        let (secret, body) = ("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", r#"{"ref":"refs/heads/main"}"#);
        let at = |at: &str, signature: &str| {
            let headers = [
                ("webhook-id", "msg_1"),
                ("webhook-timestamp", at),
                ("webhook-signature", signature),
            ];
            judged(&headers, body, secret)
        };
        let right = "v1,SG13+ThSDkfXTngu22+0uu8uBKymjwrQz+jwiXb4LaI=";
        assert_eq!(at("1795971600", right), Genuine::Yes);
        assert_eq!(at("1795971600", &format!("v1a,x v1,AAAA {right}")), Genuine::Yes);
        assert_eq!(at("1795971600", "v1,AAAA"), Genuine::No);
        assert_eq!(at("1795971601", right), Genuine::No);
        assert_eq!(at("now", right), Genuine::No);
        let now = "2026-11-29T17:06:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("webhook-id", "msg_1"), ("webhook-timestamp", "1795971600"), (STANDARD, right)]
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        assert_eq!(genuine(&headers, body.as_bytes(), &secrets(secret), now), Genuine::No);
    }
}
