//! The admin port of an agent on a computer of its own: TLS before anything else, a controller that lets it
//! join while it waits, and HTTP for members.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::connect_info::Connected, serve::IncomingStream};
use rustls::pki_types::CertificateDer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{
    conversation::{
        PATIENCE, agent_proof, controller_proves, decode, encode, exported, receive, send,
    },
    door::Door,
    identity::MembershipError,
    membership::{Caller, Membership},
    token::JoinToken,
    turned_away::why_turned_away,
    verifying::with_fingerprint,
};
use crate::{
    clock,
    error_text::with_causes,
    net::{BoundPort, OpenPort, Stream, listener::in_its_world, stream::Listener},
    wire::joining::{Answer, Introduction, Kept},
    world::spawn,
};

/// Handshakes and conversations that go on at the same time; who comes then waits in the system's queue. Who
/// shakes no hands is sent away after [`PATIENCE`].
const AT_A_TIME: usize = 256;

/// Connections that have shaken hands and are about to be served.
const READY: usize = 64;

/// How long, and for how many bytes, somebody is listened to who was turned away.
const LISTENING: Duration = Duration::from_secs(1);
/// See [`LISTENING`].
const MOST_UNREAD: u64 = 64 << 10;

/// The longest refusal that is told, in characters.
const LONGEST_REFUSAL: usize = 500;

/// Why a controller did not let an agent join.
#[derive(Debug, thiserror::Error)]
enum NotJoined {
    #[error("the conversation broke off")]
    BrokenOff(#[from] std::io::Error),
    #[error("the controller refuses: {0}")]
    Refused(String),
    #[error("the controller has not proven that it has the token")]
    NotProven,
    #[error("the token has ended: make another one with `headwater join-token`")]
    Ended,
    #[error("it has joined meanwhile")]
    Meanwhile,
    #[error(transparent)]
    Membership(#[from] MembershipError),
    #[error("TLS gives no keying material")]
    Tls(#[from] rustls::Error),
}

impl Membership {
    /// Opens the admin port, which serves `router` to members of the hierarchy, once there is one. Requests
    /// have a [`Caller`] in their connection's information.
    pub fn serve(&self, bound: BoundPort, router: Router) -> OpenPort {
        let membership = self.clone();
        let router = in_its_world(router);
        bound.serve_by(|listener, stop| async move {
            let address = listener.address();
            let (secured, accepting) = Secured::of(listener, membership, stop.clone());
            let service = router.into_make_service_with_connect_info::<Caller>();
            let stopped = stop.cancelled_owned();
            let served = axum::serve(secured, service).with_graceful_shutdown(stopped).await;
            if let Err(error) = served {
                tracing::error!(?address, %error, "a port stopped serving");
            }
            // It has the listener: whoever closes a port may open it again at once.
            if let Err(error) = accepting.await {
                tracing::error!(?address, %error, "a port stopped accepting");
            }
        })
    }

    /// Shakes hands with who has connected; `None` where that was all.
    async fn receive(&self, stream: Stream, peer: SocketAddr) -> Option<TlsStream<Stream>> {
        let door = self.door();
        let (Door::Waits(config, _) | Door::Serves(config)) = &door;
        let accepting = TlsAcceptor::from(Arc::clone(config)).accept(stream).into_fallible();
        let mut stream = match timeout(PATIENCE, accepting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err((error, stream))) => {
                let why = why_turned_away(&error).unwrap_or_else(|| with_causes(&error));
                tracing::debug!(%peer, why, "a handshake failed");
                let _in_time = timeout(LISTENING, part(stream)).await;
                return None;
            }
            Err(_) => {
                tracing::debug!(%peer, "a client does not end its handshake");
                return None;
            }
        };
        let Door::Waits(_, token) = &door else { return Some(stream) };
        let joined = timeout(PATIENCE, self.converse(&mut stream, token)).await;
        match joined
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
        {
            Ok(()) => tracing::info!(%peer, "the agent has joined the hierarchy"),
            Err(error) => {
                let why = with_causes(&error);
                tracing::warn!(%peer, why, "the agent has not joined the hierarchy");
            }
        }
        None
    }

    /// Joins the hierarchy of a controller whose certificate has been verified in the handshake.
    async fn converse(
        &self,
        stream: &mut TlsStream<Stream>,
        token: &JoinToken,
    ) -> Result<(), NotJoined> {
        let _one_by_one = self.one_by_one().await;
        if !self.waits() {
            return Err(NotJoined::Meanwhile);
        }
        if token.ends() <= clock::now() {
            return Err(NotJoined::Ended);
        }
        let session = exported(stream.get_ref().1)?;
        let (offer, key) = self.offer_pending(&session)?;
        let name = self.name().clone();
        let proof = encode(&agent_proof(&token.secret, &session, &name, &key));
        send(stream, &Introduction { name, offer, proof }).await?;
        let (certificate, proof) = match receive(stream).await? {
            Answer::Joined { certificate, proof } => (decode(&certificate), decode(&proof)),
            Answer::Refused(why) => {
                return Err(NotJoined::Refused(why.chars().take(LONGEST_REFUSAL).collect()));
            }
        };
        let (certificate, proof) = certificate.zip(proof).ok_or(NotJoined::NotProven)?;
        if !controller_proves(&token.secret, &session, &certificate, &proof) {
            return Err(NotJoined::NotProven);
        }
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let authority = with_fingerprint(shown, &token.authority).ok_or(NotJoined::NotProven)?;
        let joined = self.join(token, &authority.clone(), &CertificateDer::from(certificate));
        send(stream, &Kept { kept: joined.is_ok() }).await?;
        stream.shutdown().await?;
        Ok(joined?)
    }
}

/// Ends a connection so that the other side can read why: closed at once, with something of it unread, that
/// would be lost.
async fn part(mut stream: Stream) -> std::io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MOST_UNREAD), &mut tokio::io::sink()).await.map(drop)
}

/// Connections of members.
struct Secured {
    ready: mpsc::Receiver<(TlsStream<Stream>, SocketAddr)>,
    address: std::io::Result<SocketAddr>,
}

impl Secured {
    /// With what accepts them until `stop`, and has the listener until it ends.
    fn of(
        listener: Listener,
        membership: Membership,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let address = listener.address();
        let (sender, ready) = mpsc::channel(READY);
        let accepting = spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = accept(listener, membership, sender) => {}
            }
        });
        (Self { ready, address }, accepting)
    }
}

async fn accept(
    listener: Listener,
    membership: Membership,
    sender: mpsc::Sender<(TlsStream<Stream>, SocketAddr)>,
) {
    let mut listener = listener;
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        // Comes back only with a connection.
        let (stream, peer) = axum::serve::Listener::accept(&mut listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its small packets together");
        }
        let (membership, sender) = (membership.clone(), sender.clone());
        spawn(async move {
            if let Some(stream) = membership.receive(stream, peer).await {
                // The port may be closing.
                let _ = sender.send((stream, peer)).await;
            }
            drop(place);
        });
    }
}

impl axum::serve::Listener for Secured {
    type Io = TlsStream<Stream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The port is being closed.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        match &self.address {
            Ok(address) => Ok(*address),
            Err(error) => Err(error.kind().into()),
        }
    }
}

impl Connected<IncomingStream<'_, Secured>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Secured>) -> Self {
        let (_, connection) = stream.io().get_ref();
        Self::of(connection.peer_certificates().and_then(<[_]>::first))
    }
}
