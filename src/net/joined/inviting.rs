//! The controller's side of joining.

use std::{collections::BTreeSet, io, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    admin_http::controller_identity,
    conversation::{
        HTTP, JOINING, OfferedKey, PATIENCE, agent_proves, controller_proof, decode, encode,
        exported, receive, send,
    },
    kept::{Issued, Member, Outstanding},
    names::{host_of, identifier, key_of},
    registry::{Registry, RegistryError},
    sessions::asking,
    token::{NoRandomness, Secret},
    turned_away::why_turned_away,
    verifying::WhoeverAnswers,
};
use crate::{
    model::{Name, ServerUrl},
    net::{Addresses, AgentError, CertificatesError, Stream, client::find, tls::Subject},
    wire::joining::{Answer, Introduction, Kept},
};

/// How long the certificate of an agent is valid. A controller that is away does no harm for two thirds of
/// that, and an agent that is away for a third of it has to join anew.
pub(super) const VALID: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What an agent is told whose proof is wrong. Nothing of why.
const NOT_PROVEN: &str = "it has not proven that it has the token that waits for it: make another \
                          one with `headwater join-token`";

/// Why an agent could not join, or was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Its token has ended.
    #[error("its token has ended at {0}: make another one with `headwater join-token`")]
    Ended(Timestamp),
    /// Nobody answers at its address.
    #[error("failed to reach {url}")]
    Unreachable {
        /// Its address.
        url: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It does not speak to this controller.
    #[error("{url} is not asked: {why}")]
    TurnedAway {
        /// Its address.
        url: String,
        /// What it said.
        why: String,
    },
    /// It has another name, token or session.
    #[error(
        "what answers at {0} has not proven that it has the token: start the agent there with the \
         token that `headwater join-token` printed last"
    )]
    NotProven(String),
    /// It has joined already, but not with the token that waits.
    #[error(
        "the agent at {0} has joined already, and not with the token that waits for it: start it \
         there with `--join-token-file` and that token"
    )]
    JoinedOtherwise(String),
    /// It could not keep its certificate.
    #[error("the agent at {0} could not keep its certificate: its log says why")]
    NotKept(String),
    /// Its answer makes no sense.
    #[error("{0} answered something that cannot be read")]
    Unreadable(String),
    /// Another token was made meanwhile, or it was revoked.
    #[error("its token does not count any more")]
    TokenGone,
    /// TLS.
    #[error("TLS cannot be prepared")]
    Tls(#[from] rustls::Error),
    /// No certificate was issued.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// What is known of agents.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is nothing that is random.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The admin port.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

/// An agent that is looked for.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a Name,
    pub(super) url: &'a str,
    pub(super) now: Timestamp,
}

impl Registry {
    /// The site systems for whose agents tokens wait. Blocks.
    ///
    /// # Errors
    ///
    /// What is kept cannot be read.
    pub fn waited_for(&self) -> Result<BTreeSet<Name>, RegistryError> {
        Ok(self.read()?.tokens.into_keys().collect())
    }

    /// Looks for the agent for which a token waits, and lets it join if it has the token. Done also where
    /// it had joined already and nobody heard of it. Nothing happens where no token waits.
    ///
    /// # Errors
    ///
    /// It has not joined, and why.
    pub async fn invite(
        &self,
        name: &Name,
        url: &str,
        addresses: &Addresses,
        now: Timestamp,
    ) -> Result<(), InviteError> {
        let Some(token) = self.read()?.tokens.remove(name) else { return Ok(()) };
        if token.ends <= now && token.issued.is_none() {
            return Err(InviteError::Ended(token.ends));
        }
        let url = url.trim_end_matches('/');
        let wanted = Wanted { name, url, now };
        let mut stream = self.connect(&wanted, addresses).await?;
        if stream.get_ref().1.alpn_protocol() == Some(JOINING) {
            let told = timeout(PATIENCE, self.converse(&mut stream, &wanted, &token)).await;
            return told
                .unwrap_or_else(|_| Err(wanted.unreachable(io::ErrorKind::TimedOut.into())));
        }
        // It is a member, or says so: its key tells whether it has become one by this token.
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).and_then(key_of);
        match token.issued.as_ref().filter(|issued| Some(issued.key) == shown) {
            Some(issued) => self.has_joined(&wanted, &token, issued).await,
            None => Err(InviteError::JoinedOtherwise(url.to_owned())),
        }
    }

    async fn connect(
        &self,
        wanted: &Wanted<'_>,
        addresses: &Addresses,
    ) -> Result<TlsStream<Stream>, InviteError> {
        let shown = controller_identity(self.certificates());
        let config = asking(Arc::new(WhoeverAnswers), shown, &[JOINING, HTTP])?;
        let unreadable = || InviteError::Unreadable(wanted.url.to_owned());
        let server = ServerName::try_from(host_of(wanted.name)).map_err(|_| unreadable())?;
        let place = ServerUrl::parse(wanted.url).ok_or_else(unreadable)?;
        let connecting = async {
            let found = find(addresses, &place.host, place.port().get()).await?;
            let stream = Stream::connect(&found).await?;
            stream.set_nodelay(true)?;
            TlsConnector::from(Arc::new(config)).connect(server, stream).await
        };
        let connected = timeout(PATIENCE, connecting).await;
        connected
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|error| wanted.unreachable(error))
    }

    async fn converse(
        &self,
        stream: &mut TlsStream<Stream>,
        wanted: &Wanted<'_>,
        token: &Outstanding,
    ) -> Result<(), InviteError> {
        let Wanted { name, url, .. } = *wanted;
        let failed = |error: io::Error| wanted.unreachable(error);
        let session = exported(stream.get_ref().1)?;
        let secret = token.secret().ok_or(InviteError::TokenGone)?;
        let introduction: Introduction = receive(stream).await.map_err(failed)?;
        let Some(key) = proven(&introduction, &secret, &session, name) else {
            send(stream, &Answer::Refused(NOT_PROVEN.to_owned())).await.map_err(failed)?;
            return Err(InviteError::NotProven(url.to_owned()));
        };
        let (certificate, issued) = self.certify(&key, wanted)?;
        // Before it is given away: whatever happens now, the key is known.
        self.keep_issued(name, &secret, &issued).await?;
        let proof = encode(&controller_proof(&secret, &session, &certificate));
        let answer = Answer::Joined { certificate: encode(&certificate), proof };
        send(stream, &answer).await.map_err(failed)?;
        let Kept { kept } = receive(stream).await.map_err(failed)?;
        if !kept {
            return Err(InviteError::NotKept(url.to_owned()));
        }
        self.has_joined(wanted, token, &issued).await
    }

    /// Issues a certificate for the key of an agent.
    pub(super) fn certify(
        &self,
        key: &OfferedKey,
        wanted: &Wanted<'_>,
    ) -> Result<(CertificateDer<'static>, Issued), InviteError> {
        let Wanted { name, url, now } = *wanted;
        let unreadable = || InviteError::Unreadable(url.to_owned());
        let identifier = identifier(name);
        // No name of a host: with this certificate nobody can pass for a role.
        let subjects = [Subject::Identifier(&identifier)];
        let certificate = self.certificates().certify(key, &subjects, VALID, now)?;
        let key = key_of(&certificate).ok_or_else(unreadable)?;
        let until = until(&certificate).ok_or_else(unreadable)?;
        Ok((certificate, Issued { key, from: now, until }))
    }

    async fn keep_issued(
        &self,
        name: &Name,
        secret: &Secret,
        issued: &Issued,
    ) -> Result<(), InviteError> {
        let kept = self.update(|kept| {
            let token = kept.tokens.get_mut(name).filter(|it| it.secret().as_ref() == Some(secret));
            let Some(token) = token else { return false };
            // An agent that was started anew has another key.
            let mut before: Vec<Issued> =
                token.issued.replace(issued.clone()).into_iter().collect();
            before.retain(|it| it.key != issued.key);
            kept.refuse(name, &before, issued.from);
            true
        });
        let kept = kept.await?;
        if kept { Ok(()) } else { Err(InviteError::TokenGone) }
    }

    /// An agent has joined: its token is used up, and keys that it had before count no more.
    async fn has_joined(
        &self,
        wanted: &Wanted<'_>,
        token: &Outstanding,
        issued: &Issued,
    ) -> Result<(), InviteError> {
        let Wanted { name, url, now } = *wanted;
        let done = self.update(|kept| {
            let mine = |it: &Outstanding| it.secret() == token.secret();
            if !kept.tokens.get(name).is_some_and(mine) {
                return false;
            }
            kept.tokens.remove(name);
            let before = kept.agents.remove(name);
            let site_server = before.as_ref().is_some_and(|it| it.site_server);
            let mut old = before.map(|it| it.certificates).unwrap_or_default();
            old.retain(|it| it.key != issued.key);
            kept.refuse(name, &old, now);
            let (url, certificates) = (url.to_owned(), vec![issued.clone()]);
            let member =
                Member { url, joined: now, certificates, site_server, roles: None, revoked: None };
            kept.agents.insert(name.clone(), member);
            true
        });
        if !done.await? {
            return Err(InviteError::TokenGone);
        }
        tracing::info!(agent = %name, url, "an agent has joined the hierarchy");
        Ok(())
    }
}

impl Wanted<'_> {
    fn unreachable(&self, source: io::Error) -> InviteError {
        let url = self.url.to_owned();
        match why_turned_away(&source) {
            Some(why) => InviteError::TurnedAway { url, why },
            None => InviteError::Unreachable { url, source },
        }
    }
}

/// The key of an agent that has proven that it has the token, and the key.
fn proven(
    introduction: &Introduction,
    secret: &Secret,
    session: &[u8; 32],
    name: &Name,
) -> Option<OfferedKey> {
    let Introduction { name: said, offer, proof } = introduction;
    if said != name {
        return None;
    }
    let proof = decode(proof)?;
    let key = decode(&offer.key)?;
    agent_proves(secret, session, (name, &key), &proof)
        .then(|| OfferedKey::of(offer, session, name))
        .flatten()
}

/// When a certificate ends.
pub(super) fn until(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    use x509_parser::prelude::{FromDer, X509Certificate};
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
