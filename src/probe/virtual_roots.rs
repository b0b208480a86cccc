//! What an update point serves on its ports: the virtual roots of its web site (SUP-6), and the first
//! question of the server-server protocol.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use jiff::Timestamp;

use super::{
    connect::Target,
    exchange::{Answer, Request},
    question::AskedPort,
};
use crate::{
    model::{RootAnswer, RootFinding},
    net::Trust,
    ports::{HTTP_ROOTS, SECURED_ROOTS},
    wire::{
        server_sync::{GetAuthConfig, GetAuthConfigRequest, PATH},
        soap::Operation,
    },
};

/// Requests to one update point at a time.
const AT_ONCE: usize = 6;

/// Letters of what answers in the wrong way that are told.
const LONGEST_TEXT: usize = 200;

/// The ports of an update point that answer.
pub(super) struct Web<'a> {
    pub(super) plain: &'a Target,
    pub(super) secured: Option<&'a Target>,
    pub(super) trust: &'a Trust,
    pub(super) now: Timestamp,
}

impl Web<'_> {
    /// How each virtual root answers.
    pub(super) async fn roots(&self) -> BTreeMap<String, RootFinding> {
        let all = SECURED_ROOTS.into_iter().chain(HTTP_ROOTS);
        let looks: Vec<_> = all.map(|(name, path)| self.root(name, path)).collect();
        stream::iter(looks).buffer_unordered(AT_ONCE).collect().await
    }

    async fn root(&self, name: &str, path: &str) -> (String, RootFinding) {
        let plain = root_answer(self.send(false, "GET", path, &[], b"").await);
        let secured = match self.secured {
            Some(_) => Some(root_answer(self.send(true, "GET", path, &[], b"").await)),
            None => None,
        };
        (name.to_owned(), RootFinding { plain, secured })
    }

    /// Why what answers is no update point; `None` if it says how to be authorized, as one does.
    pub(super) async fn no_update_point(&self) -> Option<String> {
        let body = match GetAuthConfig::encode_request(&GetAuthConfigRequest) {
            Ok(body) => body,
            Err(error) => return Some(error.to_string()),
        };
        let action = format!("\"{}\"", GetAuthConfig::ACTION);
        let headers = [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", &action)];
        let answer = match self.send(self.secured.is_some(), "POST", PATH, &headers, &body).await {
            Ok(answer) => answer,
            Err(why) => return Some(why),
        };
        let status = answer.status;
        match GetAuthConfig::decode_response(&answer.body) {
            Ok(config) if config.auth_info.is_empty() => {
                Some("it does not say how to be authorized".to_owned())
            }
            Ok(_) => None,
            Err(error) => {
                let error: String = error.to_string().chars().take(LONGEST_TEXT).collect();
                Some(format!("something that is no update point answers (HTTP {status}): {error}"))
            }
        }
    }

    async fn send(
        &self,
        over_tls: bool,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        let target = self.secured.filter(|_| over_tls).unwrap_or(self.plain);
        let port = AskedPort { target, over_tls, trust: self.trust, now: self.now };
        port.ask(Request { method, path, headers, body, ..Request::default() }).await
    }
}

fn root_answer(answer: Result<Answer, String>) -> RootAnswer {
    let Answer { status, location, body } = match answer {
        Ok(answer) => answer,
        Err(why) => return RootAnswer::Fails(why),
    };
    let leads_to_tls = || {
        let location = location.as_deref().unwrap_or_default();
        location.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    };
    match status {
        300..=399 if leads_to_tls() => RootAnswer::DemandsSecuredChannel,
        426 => RootAnswer::DemandsSecuredChannel,
        403 if tells_of_ssl(&body) => RootAnswer::DemandsSecuredChannel,
        403 => RootAnswer::Forbidden,
        404 | 410 => RootAnswer::Absent,
        _ => RootAnswer::Serves,
    }
}

/// Whether a page says that the channel is what is forbidden: IIS numbers it 403.4. SSL alone stands
/// on many a page, such as in the name of the library that a web server was built with.
fn tells_of_ssl(body: &[u8]) -> bool {
    let page = String::from_utf8_lossy(body).to_ascii_lowercase();
    let says = ["ssl is required", "secure channel", "secured channel"];
    let numbered = |number: &str| {
        page.match_indices(number).any(|(at, _)| {
            let follows = page[at + number.len()..].chars().next();
            // 403.4 is not 403.40.
            !follows.is_some_and(|letter| letter.is_ascii_digit())
        })
    };
    ["403.4", "403;4"].into_iter().any(numbered) || says.iter().any(|it| page.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, location: Option<&str>, body: &str) -> RootAnswer {
        let (location, body) = (location.map(str::to_owned), body.as_bytes().to_vec());
        root_answer(Ok(Answer { status, location, body }))
    }

    #[test]
    fn a_secured_channel_is_demanded_in_many_ways() {
        let demanded = RootAnswer::DemandsSecuredChannel;
        assert_eq!(answer(403, None, "<h2>HTTP Error 403.4 - Forbidden</h2>"), demanded);
        assert_eq!(answer(403, None, "SSL is required to view this resource"), demanded);
        assert_eq!(answer(302, Some("HTTPS://a.example/x"), ""), demanded);
        assert_eq!(answer(426, None, ""), demanded);
        assert_eq!(answer(403, None, "Forbidden"), RootAnswer::Forbidden);
        let footer = "<h1>Forbidden</h1><i>Apache/2.4.58 (Unix) OpenSSL/3.0.13</i>";
        assert_eq!(answer(403, None, footer), RootAnswer::Forbidden);
        assert_eq!(answer(403, None, "Error 403.40"), RootAnswer::Forbidden);
        assert_eq!(answer(302, Some("/login"), ""), RootAnswer::Serves);
        assert_eq!(answer(404, None, "no SSL here"), RootAnswer::Absent);
        assert_eq!(answer(405, None, ""), RootAnswer::Serves);
        assert_eq!(answer(500, None, "Request format is unrecognized"), RootAnswer::Serves);
    }
}
