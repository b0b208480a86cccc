//! Who calls: accounts and sessions, in cookies that the callers keep for us (protocol §0.7). The
//! keys that seal them change every day; nothing is remembered of who calls.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{downstream_servers::DownstreamServers, refusal::Refusal};
use crate::{
    store::catalog::{CLOCK_SLACK, Catalog, DatedKey, SEALS},
    wire::{
        cookie::{CookieKey, CookieKind, CookiePayload},
        date_time,
        dss_auth::{GetAuthorizationCookieRequest, PLUG_IN_ID},
        server_sync::{AuthorizationCookie, Cookie, GetCookieRequest},
    },
};

/// How long an account is authorized.
const AUTHORIZATION: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long a session lasts at most (protocol §1.4).
const SESSION: SignedDuration = SignedDuration::from_mins(240);

/// Makes cookies and knows its own again.
pub(super) struct Sessions {
    catalog: Arc<Catalog>,
    /// As they were read last, the one that seals first.
    keys: Mutex<Arc<Vec<Key>>>,
    servers: RwLock<DownstreamServers>,
}

struct Key {
    dated: DatedKey,
    opens: CookieKey,
}

impl Sessions {
    pub(super) fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, keys: Mutex::default(), servers: RwLock::default() }
    }

    /// The keys of this time, the one that seals first.
    fn keys(&self, now: Timestamp) -> Result<Arc<Vec<Key>>, Refusal> {
        // Nothing that holds this lock can leave the value half changed.
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.first().is_some_and(|key| key.dated.seals_at(now)) {
            let keep = AUTHORIZATION.saturating_add(SEALS);
            let read = self.catalog.cookie_keys(keep, now)?.into_iter();
            let key = |dated: DatedKey| Key { opens: CookieKey::new(dated.key), dated };
            *keys = Arc::new(read.map(key).collect());
        }
        Ok(Arc::clone(&keys))
    }

    fn seal(
        &self,
        kind: CookieKind,
        payload: &CookiePayload,
        now: Timestamp,
    ) -> Result<Vec<u8>, Refusal> {
        let keys = self.keys(now)?;
        let key = keys.first().ok_or(Refusal::Randomness)?;
        Ok(key.opens.seal(kind, nonce()?, payload))
    }

    /// What a cookie says that is still valid. One that ends later than any that is made now was
    /// made by a clock that was wrong.
    fn open(
        &self,
        kind: CookieKind,
        cookie: &[u8],
        life: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<CookiePayload>, Refusal> {
        let keys = self.keys(now)?;
        let opened = keys.iter().find_map(|key| key.opens.open(kind, cookie).ok());
        let latest = later(now, life.saturating_add(CLOCK_SLACK));
        Ok(opened.filter(|it| !it.is_expired(now) && it.expires_at() <= latest))
    }

    /// Lets these servers in from now on. Cookies that others have are of no use to them any more.
    pub(super) fn let_in(&self, servers: DownstreamServers) {
        *self.servers.write().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    fn lets_in(&self, account: &CookiePayload) -> bool {
        let servers = self.servers.read().unwrap_or_else(PoisonError::into_inner);
        servers.let_in(account.account_name(), account.account_guid())
    }

    /// Authorizes an account: of whoever is let in. Where there is no list, anyone may register.
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
        if !self.lets_in(&payload) {
            return Err(Refusal::Server { name: request.account_name.clone(), guid });
        }
        let cookie_data = self.seal(CookieKind::Authorization, &payload, now)?;
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
        let kind = CookieKind::Authorization;
        let account = self
            .open(kind, &authorization.cookie_data, AUTHORIZATION, now)?
            .filter(|account| self.lets_in(account))
            .ok_or(Refusal::AuthorizationCookie)?;
        let expires_at = later(now, SESSION).min(account.expires_at());
        let payload =
            CookiePayload::new(account.account_name(), account.account_guid(), expires_at)
                .map_err(|_| Refusal::AuthorizationCookie)?;
        Ok(Cookie {
            expiration: date_time::format(payload.expires_at()),
            encrypted_data: self.seal(CookieKind::Session, &payload, now)?,
        })
    }

    /// The account whose session this is.
    pub(super) fn check(&self, cookie: &Cookie, now: Timestamp) -> Result<CookiePayload, Refusal> {
        self.open(CookieKind::Session, &cookie.encrypted_data, SESSION, now)?
            .filter(|session| self.lets_in(session))
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

    fn sessions() -> (tempfile::TempDir, Sessions) {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&directory.path().join("catalog.db"), now()).unwrap();
        let sessions = Sessions::new(Arc::new(catalog));
        (directory, sessions)
    }

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
        let (_directory, sessions) = sessions();
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
        let (_directory, sessions) = sessions();
        let cookie = authorized(&sessions);
        for cookies in [vec![], vec![cookie.clone(), cookie]] {
            let refused = sessions.begin(&ask(cookies, "1.20"), now());
            assert!(matches!(refused, Err(Refusal::Parameter("authCookies"))));
        }
        let garbage = AuthorizationCookie { cookie_data: vec![1; 60], ..Default::default() };
        let refused = sessions.begin(&ask(vec![garbage], "1.20"), now());
        assert!(matches!(refused, Err(Refusal::AuthorizationCookie)));
    }

    #[test]
    fn keys_change_each_day_and_open_what_they_have_sealed() {
        let (_directory, sessions) = sessions();
        let authorization = authorized(&sessions);
        let begin = |at: Timestamp| sessions.begin(&ask(vec![authorization.clone()], "1.20"), at);
        let late = later(now(), SEALS - SignedDuration::from_mins(1));
        let cookie = begin(late).unwrap();
        let next_day = later(late, SignedDuration::from_mins(30));
        assert!(sessions.check(&cookie, next_day).is_ok());
        assert_eq!(sessions.keys(next_day).unwrap().len(), 2);
        // Another process reads the same keys, and the next one seals with the same.
        let again = Sessions::new(Arc::clone(&sessions.catalog));
        assert!(again.check(&cookie, next_day).is_ok());
        assert_eq!(again.keys(next_day).unwrap().len(), 2);
        assert!(begin(next_day).is_ok());
        // After eight days no key is left that has sealed any of it.
        let much_later = later(now(), SignedDuration::from_hours(24 * 8));
        assert!(matches!(begin(much_later), Err(Refusal::AuthorizationCookie)));
        assert!(matches!(sessions.check(&cookie, much_later), Err(Refusal::Cookie)));
        assert_eq!(sessions.keys(much_later).unwrap().len(), 1);
    }

    #[test]
    fn a_key_of_another_server_opens_nothing() {
        let (_one, one) = sessions();
        let (_other, other) = sessions();
        let cookie = one.begin(&ask(vec![authorized(&one)], "1.20"), now()).unwrap();
        assert!(one.check(&cookie, now()).is_ok());
        assert!(matches!(other.check(&cookie, now()), Err(Refusal::Cookie)));
    }

    #[test]
    fn what_a_clock_has_made_that_was_ahead_is_not_believed() {
        let (_directory, sessions) = sessions();
        let ahead = later(now(), SignedDuration::from_hours(24 * 365));
        let request = GetAuthorizationCookieRequest {
            account_name: "dss01.example.org".to_owned(),
            account_guid: Uuid::nil().to_string(),
        };
        let authorization = sessions.authorize(&request, ahead).unwrap();
        let cookie = sessions.begin(&ask(vec![authorization.clone()], "1.20"), ahead).unwrap();
        // The clock is put right: the key goes with what it has sealed, and a new one seals.
        assert!(matches!(sessions.check(&cookie, now()), Err(Refusal::Cookie)));
        let refused = sessions.begin(&ask(vec![authorization], "1.20"), now());
        assert!(matches!(refused, Err(Refusal::AuthorizationCookie)));
        let authorization = authorized(&sessions);
        assert!(sessions.begin(&ask(vec![authorization], "1.20"), now()).is_ok());
        // A little is no other clock.
        let cookie = sessions.begin(&ask(vec![authorized(&sessions)], "1.20"), now()).unwrap();
        let before = now() - SignedDuration::from_mins(5);
        assert!(sessions.check(&cookie, before).is_ok());
    }
}
