//! Who calls: accounts and sessions, in cookies that the callers keep for us (protocol §0.7).

use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::wire::{
    cookie::{CookieKey, CookieKind, CookiePayload},
    date_time,
    dss_auth::{GetAuthorizationCookieRequest, PLUG_IN_ID},
    server_sync::{AuthorizationCookie, Cookie, GetCookieRequest},
};

/// How long an account is authorized.
const AUTHORIZATION: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long a session lasts at most (protocol §1.4).
const SESSION: SignedDuration = SignedDuration::from_mins(240);

/// Makes cookies and knows its own again.
pub(super) struct Sessions(CookieKey);

impl Sessions {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(CookieKey::new(key))
    }

    /// Authorizes an account. Anyone may register.
    pub(super) fn authorize(
        &self,
        request: &GetAuthorizationCookieRequest,
        now: Timestamp,
    ) -> Result<AuthorizationCookie, Refusal> {
        let guid = Uuid::try_parse(request.account_guid.trim())
            .map_err(|_| Refusal::Parameter("accountGuid"))?;
        // WSUS calls the account's name by the name of its own argument.
        let payload = CookiePayload::new(&request.account_name, guid, later(now, AUTHORIZATION))
            .map_err(|_| Refusal::Parameter("machineName"))?;
        let cookie_data = self.0.seal(CookieKind::Authorization, nonce()?, &payload);
        Ok(AuthorizationCookie { plug_in_id: PLUG_IN_ID.to_owned(), cookie_data })
    }

    /// Opens a session for an authorized account.
    pub(super) fn begin(
        &self,
        request: &GetCookieRequest,
        now: Timestamp,
    ) -> Result<Cookie, Refusal> {
        check_version(&request.protocol_version)?;
        let [authorization] = request.auth_cookies.as_slice() else {
            return Err(Refusal::Parameter("authCookies"));
        };
        let account = self
            .0
            .open(CookieKind::Authorization, &authorization.cookie_data)
            .ok()
            .filter(|account| !account.is_expired(now))
            .ok_or(Refusal::AuthorizationCookie)?;
        let expires_at = later(now, SESSION).min(account.expires_at());
        let payload =
            CookiePayload::new(account.account_name(), account.account_guid(), expires_at)
                .map_err(|_| Refusal::AuthorizationCookie)?;
        Ok(Cookie {
            expiration: date_time::format(payload.expires_at()),
            encrypted_data: self.0.seal(CookieKind::Session, nonce()?, &payload),
        })
    }

    /// The account whose session this is.
    pub(super) fn check(&self, cookie: &Cookie, now: Timestamp) -> Result<CookiePayload, Refusal> {
        self.0
            .open(CookieKind::Session, &cookie.encrypted_data)
            .ok()
            .filter(|session| !session.is_expired(now))
            .ok_or(Refusal::Cookie)
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn nonce() -> Result<[u8; 12], Refusal> {
    let mut nonce = [0; 12];
    rand::fill(&mut nonce).map_err(|_| Refusal::Randomness)?;
    Ok(nonce)
}

/// Any version 1.x will do; everything else is told apart from garbage.
fn check_version(text: &str) -> Result<(), Refusal> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    match text.trim().split_once('.') {
        Some((major, minor)) if is_number(major) && is_number(minor) => {
            if major == "1" {
                Ok(())
            } else {
                Err(Refusal::ProtocolVersion)
            }
        }
        _ => Err(Refusal::Parameter("protocolVersion")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T08:00:00Z".parse().unwrap()
    }

    fn authorized(sessions: &Sessions) -> AuthorizationCookie {
        let request = GetAuthorizationCookieRequest {
            account_name: "dss01.example.org".to_owned(),
            account_guid: Uuid::nil().to_string(),
        };
        sessions.authorize(&request, now()).unwrap()
    }

    fn ask(cookies: Vec<AuthorizationCookie>, version: &str) -> GetCookieRequest {
        let protocol_version = version.to_owned();
        GetCookieRequest { auth_cookies: cookies, old_cookie: None, protocol_version }
    }

    #[test]
    fn a_session_lasts_240_minutes_or_as_long_as_its_authorization() {
        let sessions = Sessions::new([1; 32]);
        let authorization = authorized(&sessions);
        let request = ask(vec![authorization], "1.20");
        let cookie = sessions.begin(&request, now()).unwrap();
        assert_eq!(cookie.expiration, "2026-11-20T12:00:00.0000000Z");
        assert!(sessions.check(&cookie, now()).is_ok());
        let end = later(now(), SESSION);
        assert!(matches!(sessions.check(&cookie, end), Err(Refusal::Cookie)));
        let late = later(now(), AUTHORIZATION - SignedDuration::from_mins(1));
        let cookie = sessions.begin(&request, late).unwrap();
        assert_eq!(cookie.expiration, "2026-11-25T08:00:00.0000000Z");
        let expired = later(now(), AUTHORIZATION);
        let refused = sessions.begin(&request, expired);
        assert!(matches!(refused, Err(Refusal::AuthorizationCookie)));
    }

    #[test]
    fn versions_are_told_apart_from_garbage() {
        for good in ["1.20", "1.1", "1.21"] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for bad in ["", "1", "1.", ".1", "one.two", "1.2.3", "-1.2"] {
            assert!(matches!(check_version(bad), Err(Refusal::Parameter(_))), "{bad}");
        }
        assert!(matches!(check_version("2.0"), Err(Refusal::ProtocolVersion)));
    }

    #[test]
    fn exactly_one_authorization_opens_a_session() {
        let sessions = Sessions::new([1; 32]);
        let cookie = authorized(&sessions);
        for cookies in [vec![], vec![cookie.clone(), cookie]] {
            let refused = sessions.begin(&ask(cookies, "1.20"), now());
            assert!(matches!(refused, Err(Refusal::Parameter("authCookies"))));
        }
        let garbage = AuthorizationCookie { cookie_data: vec![1; 60], ..Default::default() };
        let refused = sessions.begin(&ask(vec![garbage], "1.20"), now());
        assert!(matches!(refused, Err(Refusal::AuthorizationCookie)));
    }
}
