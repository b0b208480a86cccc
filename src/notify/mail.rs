//! What is told by mail: one conversation with a mail server (RFC 5321), over TLS where that is wanted
//! (RFC 3207). What the server says is bounded, and a password is never in an error.

use std::{io, net::IpAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{DeliveryError, secrets::Secrets};
use crate::{
    model::{Email, MailSecurity},
    view::{Telling, notification_subject, notification_text},
    wire::mail::{LONGEST_LINE, MailMessage, MailReply, NoReply},
};

/// A connection, in the clear or over TLS.
trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<C: AsyncRead + AsyncWrite + Send + Unpin> Connection for C {}

/// A conversation with a mail server.
struct Conversation<'a> {
    to: &'a Email,
    connection: BufReader<Box<dyn Connection>>,
}

/// Sends events to people.
pub(super) async fn send(
    to: &Email,
    secrets: &Secrets,
    tls: &Arc<ClientConfig>,
    telling: Telling<'_>,
) -> Result<(), DeliveryError> {
    let login = match (&to.user_file, &to.password_file) {
        (Some(user), Some(password)) => {
            Some((secrets.read(user, "name").await?, secrets.read(password, "password").await?))
        }
        _ => None,
    };
    let message = MailMessage {
        from: &to.from,
        to: &to.to,
        id: &telling.message.id,
        at: telling.message.at,
        subject: &notification_subject(telling),
        text: &notification_text(telling),
    };
    let failed = |source| DeliveryError::Server { server: to.server.clone(), source };
    let connection = TcpStream::connect((to.server.as_str(), to.port())).await.map_err(failed)?;
    // The name of this computer says nothing to a server elsewhere; its address is always one.
    let me = match connection.local_addr().map_err(failed)?.ip() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    };
    let mut conversation = if to.tls == MailSecurity::Tls {
        Conversation::new(to, secured(connection, to, tls).await?)
    } else {
        Conversation::new(to, Box::new(connection))
    };
    conversation.reply("the connection", 220).await?;
    let mut offers = conversation.hello(&me).await?;
    if to.tls == MailSecurity::StartTls {
        if !offers.offers("STARTTLS") {
            return Err(DeliveryError::NotOffered("STARTTLS"));
        }
        conversation.say("STARTTLS", "STARTTLS", 220).await?;
        let in_the_clear = conversation.connection;
        // Whatever came before the handshake was not said by the one whose certificate is verified.
        if !in_the_clear.buffer().is_empty() {
            return Err(NoReply.into());
        }
        let connection = secured(in_the_clear.into_inner(), to, tls).await?;
        conversation = Conversation::new(to, connection);
        offers = conversation.hello(&me).await?;
    }
    if let Some((user, password)) = login {
        conversation.log_in(&offers, &user, &password).await?;
    }
    conversation.deliver(message).await?;
    // It has been taken: how the server says goodbye does not matter.
    let _ = conversation.write("QUIT\r\n".as_bytes()).await;
    Ok(())
}

async fn secured(
    connection: impl Connection + 'static,
    to: &Email,
    tls: &Arc<ClientConfig>,
) -> Result<Box<dyn Connection>, DeliveryError> {
    let name = ServerName::try_from(to.server.as_str().to_owned())
        .map_err(|_| DeliveryError::ServerName(to.server.clone()))?;
    let secured = TlsConnector::from(Arc::clone(tls)).connect(name, connection).await;
    let failed = |source| DeliveryError::Server { server: to.server.clone(), source };
    Ok(Box::new(secured.map_err(failed)?))
}

impl<'a> Conversation<'a> {
    fn new(to: &'a Email, connection: Box<dyn Connection>) -> Self {
        Self { to, connection: BufReader::new(connection) }
    }

    fn failed(&self, source: io::Error) -> DeliveryError {
        DeliveryError::Server { server: self.to.server.clone(), source }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), DeliveryError> {
        let written = async {
            self.connection.write_all(bytes).await?;
            self.connection.flush().await
        };
        written.await.map_err(|source| self.failed(source))
    }

    /// The reply to something, whatever it is.
    async fn any_reply(&mut self) -> Result<MailReply, DeliveryError> {
        let mut reply = MailReply::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let bounded = &mut (&mut self.connection).take(LONGEST_LINE as u64);
            let read = bounded.read_until(b'\n', &mut line).await;
            read.map_err(|source| self.failed(source))?;
            if line.is_empty() {
                return Err(self.failed(io::ErrorKind::UnexpectedEof.into()));
            }
            if line.last() != Some(&b'\n') {
                return Err(NoReply.into());
            }
            if reply.add(&line)? {
                return Ok(reply);
            }
        }
    }

    /// The reply to something, which has to have a code.
    async fn reply(&mut self, to: &'static str, wanted: u16) -> Result<MailReply, DeliveryError> {
        let reply = self.any_reply().await?;
        if reply.code == wanted {
            return Ok(reply);
        }
        Err(DeliveryError::Replied { code: reply.code, to, text: reply.lines.join(" ") })
    }

    async fn say(
        &mut self,
        line: &str,
        called: &'static str,
        wanted: u16,
    ) -> Result<MailReply, DeliveryError> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply(called, wanted).await
    }

    async fn hello(&mut self, me: &str) -> Result<MailReply, DeliveryError> {
        self.say(&format!("EHLO {me}"), "EHLO", 250).await
    }

    async fn log_in(
        &mut self,
        offers: &MailReply,
        user: &str,
        password: &str,
    ) -> Result<(), DeliveryError> {
        let logged_in = if offers.offers_login("PLAIN") {
            let words = STANDARD.encode(format!("\0{user}\0{password}"));
            self.say(&format!("AUTH PLAIN {words}"), "AUTH", 235).await
        } else if offers.offers_login("LOGIN") {
            self.say("AUTH LOGIN", "AUTH", 334).await?;
            let name = self.say(&STANDARD.encode(user), "the name", 334).await;
            match name {
                Ok(_) => self.say(&STANDARD.encode(password), "the password", 235).await,
                refused => refused,
            }
        } else {
            return Err(DeliveryError::NotOffered("a way to log in: `PLAIN` or `LOGIN`"));
        };
        match logged_in {
            Ok(_) => Ok(()),
            // It may repeat what was said to it.
            Err(DeliveryError::Replied { code, to, .. }) => {
                Err(DeliveryError::Replied { code, to, text: "it does not log in".to_owned() })
            }
            Err(error) => Err(error),
        }
    }

    async fn deliver(&mut self, message: MailMessage<'_>) -> Result<(), DeliveryError> {
        self.say(&format!("MAIL FROM:<{}>", message.from), "the sender", 250).await?;
        let mut refused = None;
        let mut taken = 0_usize;
        for to in message.to {
            self.write(format!("RCPT TO:<{to}>\r\n").as_bytes()).await?;
            let MailReply { code, lines } = self.any_reply().await?;
            if matches!(code, 250 | 251) {
                taken += 1;
                continue;
            }
            tracing::warn!(%to, code, "the mail server does not take mail for somebody");
            let text = lines.join(" ");
            refused.get_or_insert(DeliveryError::Replied { code, to: "a receiver", text });
        }
        // One address that is not right any more does not keep it from the others.
        if let Some(refused) = refused.filter(|_| taken == 0) {
            return Err(refused);
        }
        self.say("DATA", "DATA", 354).await?;
        self.write(&message.to_bytes()).await?;
        match self.say(".", "the message", 250).await {
            Ok(_) => Ok(()),
            Err(DeliveryError::Replied { code, text, .. }) if code >= 500 => {
                Err(DeliveryError::MailRefused { code, text })
            }
            Err(error) => Err(error),
        }
    }
}
