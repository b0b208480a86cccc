//! What answers on a port: a question in the clear and a handshake, each where the other one leaves
//! doubts.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    connect::{Target, in_time},
    exchange::{Heard, Request, exchange},
    tls::{Shaken, shake},
};
use crate::{
    model::{PortAnswer, TlsFacts},
    net::Trust,
};

/// How long a port may say nothing until it is asked in the other way too, on another connection.
const HEAD_START: Duration = Duration::from_secs(1);

/// What came of a question in the clear.
enum Asked {
    Closed(String),
    Heard(Heard),
    Silent,
}

/// What answers on a port where plain HTTP is wanted.
pub(super) async fn wanted_plain(target: &Target, trust: &Trust, now: Timestamp) -> PortAnswer {
    let mut asking = Box::pin(ask(target));
    match tokio::time::timeout(HEAD_START, &mut asking).await {
        Ok(Asked::Closed(why)) => PortAnswer::Closed(why),
        // Many a server says on its TLS port in the clear that it does not speak in the clear there.
        Ok(Asked::Heard(Heard::Answer(answer))) if answer.status != 400 => PortAnswer::Plain,
        Ok(asked) => decide(asked, shake(target, trust, now).await),
        Err(_) => {
            let (asked, shaken) = futures::join!(asking, shake(target, trust, now));
            decide(asked, shaken)
        }
    }
}

/// What answers on a port where TLS is wanted.
pub(super) async fn wanted_tls(target: &Target, trust: &Trust, now: Timestamp) -> PortAnswer {
    let mut shaking = Box::pin(shake(target, trust, now));
    match tokio::time::timeout(HEAD_START, &mut shaking).await {
        Ok(Shaken::Closed(why)) => PortAnswer::Closed(why),
        Ok(Shaken::Tls(facts, _)) => PortAnswer::Tls(Box::new(facts)),
        Ok(shaken) => decide(ask(target).await, shaken),
        Err(_) => {
            let (asked, shaken) = futures::join!(ask(target), shaking);
            decide(asked, shaken)
        }
    }
}

fn decide(asked: Asked, shaken: Shaken) -> PortAnswer {
    match (asked, shaken) {
        (_, Shaken::Tls(facts, _)) => PortAnswer::Tls(Box::new(facts)),
        (Asked::Heard(Heard::Answer(_)), _) => PortAnswer::Plain,
        (Asked::Heard(Heard::Tls), _) => {
            let refusal = Some("no version or cipher in common".to_owned());
            PortAnswer::Tls(Box::new(TlsFacts { refusal, ..TlsFacts::default() }))
        }
        (Asked::Heard(Heard::Noise), _) | (_, Shaken::Other) => PortAnswer::Unintelligible,
        (Asked::Closed(why), _) | (_, Shaken::Closed(why)) => PortAnswer::Closed(why),
        (Asked::Heard(Heard::Nothing) | Asked::Silent, Shaken::Nothing | Shaken::Silent) => {
            PortAnswer::Silent
        }
    }
}

async fn ask(target: &Target) -> Asked {
    let mut stream = match target.connect().await {
        Ok(stream) => stream,
        Err(why) => return Asked::Closed(why),
    };
    let host = format!("{}:{}", target.host.in_url(), target.port);
    let request = Request { method: "HEAD", path: "/", host: &host, ..Request::default() };
    match in_time(exchange(&mut stream, &request)).await {
        Some(heard) => Asked::Heard(heard),
        None => Asked::Silent,
    }
}
