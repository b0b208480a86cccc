//! An agent's side: what it keeps of the hierarchy that it has joined, and whom it lets in.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use jiff::Timestamp;
use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, UnixTime};
use tokio::sync::watch;

use super::{
    admin_http::{AdminHttp, SecuredClients, secured},
    conversation::{HTTP, decode, offer},
    door::{Door, new_key, waiting},
    identity::{Identity, MembershipError, certificate_pem},
    known::{Known, Shared},
    names::{Party, key_of},
    sessions::asked,
    token::JoinToken,
    verifying::{LetIn, roots, verify_agent, verify_issued},
};
use crate::{
    clock,
    model::{Digest, Name},
    net::{Addresses, AdminToken, ClientError, tls::GRANTED_FILE},
    store,
    wire::joining::{KeyOffer, KeyRequest, KeyUse, NewCertificate, Roster},
};

/// What an agent on a computer of its own keeps of its hierarchy. Clones are the same.
#[derive(Clone)]
pub struct Membership(Arc<Inner>);

struct Inner {
    name: Name,
    directory: PathBuf,
    addresses: Addresses,
    /// What the port does now.
    door: RwLock<Door>,
    /// The key for which it has no certificate yet.
    pending: Mutex<Option<KeyPair>>,
    /// The same for its roles.
    pending_of_roles: Mutex<Option<KeyPair>>,
    roster: RwLock<Roster>,
    known: Shared,
    clients: SecuredClients,
    /// The certificate of the authority of the hierarchy that it has joined.
    joined: watch::Sender<Option<CertificateDer<'static>>>,
    /// Speaks to one controller at a time, and changes what is kept one by one.
    pub(super) changing: tokio::sync::Mutex<()>,
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub(super) party: Option<Party>,
    pub(super) key: Option<Digest>,
}

impl Membership {
    /// What is kept in the data directory of an agent; and a token, where it shall join. `None` where there
    /// is neither. A token by which it has joined already is not looked at again. Blocks.
    ///
    /// # Errors
    ///
    /// Something in the directory cannot be used, or the token cannot.
    pub fn open(
        data: &Path,
        name: &Name,
        token: Option<JoinToken>,
        addresses: &Addresses,
        now: Timestamp,
    ) -> Result<Option<Self>, MembershipError> {
        let directory = data.join("joined");
        let identity = Identity::read(&directory, name)?;
        let used = |token: &JoinToken| identity.as_ref().is_some_and(|it| it.joined_by(token));
        let token = token.filter(|token| !used(token));
        if let Some(token) = &token {
            if token.name != *name {
                let (token, name) = (token.name.clone(), name.clone());
                return Err(MembershipError::OtherName { token, name });
            }
            if token.ends <= now {
                return Err(MembershipError::Ended(token.ends));
            }
        }
        let door = match (&identity, token) {
            (None, None) => return Ok(None),
            (_, Some(token)) => {
                let key = new_key()?;
                let config = waiting(&key, &token)?;
                (Door::Waits(Arc::new(config), Arc::new(token)), Some(key))
            }
            // Without a verifier yet: that needs what is known.
            (Some(_), None) => (Door::none()?, None),
        };
        let roster = read_roster(&directory)?;
        let known = Shared::default();
        known.exchange(Known::from(&roster));
        let membership = Self(Arc::new(Inner {
            name: name.clone(),
            directory,
            addresses: addresses.clone(),
            door: RwLock::new(door.0),
            pending: Mutex::new(door.1),
            pending_of_roles: Mutex::default(),
            roster: RwLock::new(roster),
            known,
            clients: SecuredClients::default(),
            joined: watch::Sender::new(None),
            changing: tokio::sync::Mutex::default(),
        }));
        if let Some(identity) = &identity {
            membership.speak_as(identity)?;
            if !matches!(membership.door(), Door::Waits(..)) {
                membership.serve_as(identity)?;
            }
        }
        Ok(Some(membership))
    }

    /// HTTP clients for other agents; `token` is for those in the clear on the same computer.
    ///
    /// # Errors
    ///
    /// The system refused to set a client up.
    pub fn http(&self, token: Option<&AdminToken>) -> Result<AdminHttp, ClientError> {
        let (clients, known) = (self.0.clients.clone(), self.0.known.clone());
        AdminHttp::of_agent(token, &self.0.addresses, clients, known)
    }

    /// The certificate of the authority of the hierarchy that it has joined: changes when it joins another
    /// one.
    pub fn authority(&self) -> watch::Receiver<Option<CertificateDer<'static>>> {
        self.0.joined.subscribe()
    }

    /// Whether it waits for a controller.
    pub fn waits(&self) -> bool {
        matches!(self.door(), Door::Waits(..))
    }

    /// Whether it lets a caller do what only controllers may.
    pub fn commands(&self, caller: &Caller) -> bool {
        self.counts(caller) && caller.party == Some(Party::Controller)
    }

    /// Whether it answers a caller what site servers ask, and takes from it what they send.
    pub fn answers(&self, caller: &Caller) -> bool {
        if !self.counts(caller) {
            return false;
        }
        match &caller.party {
            Some(Party::Controller) => true,
            Some(Party::Agent(name)) => {
                let roster = self.0.roster.read().unwrap_or_else(PoisonError::into_inner);
                roster.agents.get(name).is_some_and(|listed| listed.site_server)
            }
            None => false,
        }
    }

    /// Whether the key of a caller still counts: a connection may be older than a revocation.
    fn counts(&self, caller: &Caller) -> bool {
        let refused = |key: &Digest| self.0.known.read().refuses(key, clock::now());
        caller.key.as_ref().is_some_and(|key| !refused(key))
    }

    /// Offers a new key.
    ///
    /// # Errors
    ///
    /// There is no key to be had.
    pub async fn offer_key(&self, request: &KeyRequest) -> Result<KeyOffer, MembershipError> {
        let _one_by_one = self.0.changing.lock().await;
        let challenge = decode(&request.challenge).ok_or(MembershipError::OtherKey)?;
        let before =
            Identity::read(&self.0.directory, &self.0.name)?.and_then(|it| it.key_digest());
        let key = new_key()?;
        let offered = offer(&key, &challenge, &self.0.name)
            .map_err(|error| MembershipError::NoKey(error.to_string()))?;
        match request.r#for {
            KeyUse::Agent => *self.pending() = Some(key),
            KeyUse::Roles => *self.pending_of_roles() = Some(key),
        }
        Ok(KeyOffer { before, ..offered })
    }

    /// Takes a certificate for the key that was offered, and shows it from now on. Connections that there
    /// are go on.
    ///
    /// # Errors
    ///
    /// It is for another key, another agent or of another authority, or cannot be kept.
    pub async fn take_certificate(&self, taken: &NewCertificate) -> Result<(), MembershipError> {
        let _one_by_one = self.0.changing.lock().await;
        let before = Identity::read(&self.0.directory, &self.0.name)?;
        let before = before.ok_or(MembershipError::OtherKey)?;
        let certificate = decode(&taken.certificate).ok_or(MembershipError::OtherKey)?;
        let certificate = CertificateDer::from(certificate);
        let authority = before.authority().ok_or(MembershipError::OtherKey)?;
        if taken.r#for == KeyUse::Roles {
            return self.take_for_roles(&certificate, &authority);
        }
        let key = self.key_for(&certificate, &authority)?;
        let identity = before.renewed(&key, &certificate);
        identity.write(&self.0.directory)?;
        self.take_on(&identity)
    }

    /// Takes on who belongs to the hierarchy.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub async fn take_roster(&self, roster: Roster) -> Result<(), MembershipError> {
        let _one_by_one = self.0.changing.lock().await;
        let path = roster_file(&self.0.directory);
        let bytes = serde_json::to_vec_pretty(&roster)
            .map_err(|error| MembershipError::unreadable(&path, &error))?;
        store::replace(&path, &bytes).map_err(MembershipError::file(&path))?;
        self.0.known.exchange(Known::from(&roster));
        *self.0.roster.write().unwrap_or_else(PoisonError::into_inner) = roster;
        Ok(())
    }

    /// Joins a hierarchy: what came of a conversation is kept, and then it is what counts.
    pub(super) fn join(
        &self,
        token: &JoinToken,
        authority: &CertificateDer<'static>,
        certificate: &CertificateDer<'static>,
    ) -> Result<(), MembershipError> {
        let key = self.key_for(certificate, authority)?;
        let name = self.0.name.clone();
        let identity = Identity::new((name, token), &key, (certificate, authority), clock::now());
        identity.write(&self.0.directory)?;
        // Whoever joins anew hears anew who belongs to it.
        store::remove(&roster_file(&self.0.directory))
            .map_err(MembershipError::file(&self.0.directory))?;
        *self.0.roster.write().unwrap_or_else(PoisonError::into_inner) = Roster::default();
        self.0.known.exchange(Known::default());
        self.take_on(&identity)
    }

    /// Keeps a certificate for the roles, which look for another one every few seconds.
    fn take_for_roles(
        &self,
        certificate: &CertificateDer<'static>,
        authority: &CertificateDer<'static>,
    ) -> Result<(), MembershipError> {
        let mut pending = self.pending_of_roles();
        let key = pending.as_ref().ok_or(MembershipError::OtherKey)?;
        if key_of(certificate) != Some(Digest::of(&key.subject_public_key_info())) {
            return Err(MembershipError::OtherKey);
        }
        verify_issued(certificate, &*roots(authority)?, UnixTime::now())?;
        let pem = key.serialize_pem() + &certificate_pem(certificate);
        let file = self.certificates().join(GRANTED_FILE);
        store::replace_private(&file, pem.as_bytes()).map_err(MembershipError::file(&file))?;
        *pending = None;
        Ok(())
    }

    /// Where the roles have their certificates.
    fn certificates(&self) -> PathBuf {
        self.0.directory.with_file_name("certificates")
    }

    fn pending_of_roles(&self) -> MutexGuard<'_, Option<KeyPair>> {
        self.0.pending_of_roles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that was offered, if this certificate is for it and for this agent.
    fn key_for(
        &self,
        certificate: &CertificateDer<'static>,
        authority: &CertificateDer<'static>,
    ) -> Result<PrivateKeyPem, MembershipError> {
        let pending = self.pending();
        let key = pending.as_ref().ok_or(MembershipError::OtherKey)?;
        if key_of(certificate) != Some(Digest::of(&key.subject_public_key_info())) {
            return Err(MembershipError::OtherKey);
        }
        verify_agent(certificate, &self.0.name, &*roots(authority)?, UnixTime::now())?;
        Ok(PrivateKeyPem(key.serialize_pem()))
    }

    /// Shows this, and admits those who belong to its hierarchy.
    fn take_on(&self, identity: &Identity) -> Result<(), MembershipError> {
        self.speak_as(identity)?;
        self.serve_as(identity)?;
        *self.pending() = None;
        Ok(())
    }

    fn speak_as(&self, identity: &Identity) -> Result<(), MembershipError> {
        let (key, authority) = identity.certified(&self.0.directory)?;
        let shown = Arc::new(rustls::sign::SingleCertAndKey::from(key));
        let clients = secured(&authority, shown, &self.0.addresses, &self.0.known)?;
        *self.0.clients.write().unwrap_or_else(PoisonError::into_inner) = Some(clients);
        // For the roles, which trust it too, and for people.
        let shown = self.certificates().join("hierarchy.crt");
        let pem = certificate_pem(&authority).into_bytes();
        if store::read_bounded(&shown, LONGEST_ROSTER).ok().flatten().as_ref() != Some(&pem) {
            store::replace(&shown, &pem).map_err(MembershipError::file(&shown))?;
        }
        self.0.joined.send_if_modified(|before| {
            let other = before.as_ref() != Some(&authority);
            *before = Some(authority);
            other
        });
        Ok(())
    }

    fn serve_as(&self, identity: &Identity) -> Result<(), MembershipError> {
        let (key, authority) = identity.certified(&self.0.directory)?;
        let let_in = LetIn::members(&authority, self.0.known.clone())?;
        let config = asked(let_in, key, HTTP)?;
        *self.0.door.write().unwrap_or_else(PoisonError::into_inner) =
            Door::Serves(Arc::new(config));
        Ok(())
    }

    pub(super) fn door(&self) -> Door {
        self.0.door.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn name(&self) -> &Name {
        &self.0.name
    }

    /// See [`Inner::changing`].
    pub(super) async fn one_by_one(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.changing.lock().await
    }

    /// Offers the key of the certificate that it shows while it waits.
    pub(super) fn offer_pending(
        &self,
        session: &[u8],
    ) -> Result<(KeyOffer, Vec<u8>), MembershipError> {
        let pending = self.pending();
        let key = pending.as_ref().ok_or(MembershipError::OtherKey)?;
        let offered = offer(key, session, &self.0.name)
            .map_err(|error| MembershipError::NoKey(error.to_string()))?;
        Ok((offered, key.der_bytes().to_vec()))
    }

    fn pending(&self) -> MutexGuard<'_, Option<KeyPair>> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A private key, as it is kept. Never shown.
pub(super) struct PrivateKeyPem(pub(super) String);

impl Caller {
    pub(super) fn of(certificate: Option<&CertificateDer<'_>>) -> Self {
        Self { party: certificate.and_then(Party::of), key: certificate.and_then(key_of) }
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Membership").field("name", &self.0.name).finish_non_exhaustive()
    }
}

/// The longest roster: 5,000 agents have 500 KiB.
const LONGEST_ROSTER: u64 = 16 << 20;

fn roster_file(directory: &Path) -> PathBuf {
    directory.join("roster.json")
}

fn read_roster(directory: &Path) -> Result<Roster, MembershipError> {
    let path = roster_file(directory);
    match store::read_bounded(&path, LONGEST_ROSTER).map_err(MembershipError::file(&path))? {
        None => Ok(Roster::default()),
        Some(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| MembershipError::unreadable(&path, &error)),
    }
}
