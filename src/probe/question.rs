//! A question to whoever holds a port that answers as it shall, in the clear or over TLS.

use jiff::Timestamp;

use super::{
    connect::{Target, in_time},
    exchange::{Answer, Heard, Request, exchange},
    tls::{Shaken, shake},
};
use crate::net::Trust;

/// A port, and how it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedPort<'a> {
    pub(super) target: &'a Target,
    pub(super) over_tls: bool,
    pub(super) trust: &'a Trust,
    pub(super) now: Timestamp,
}

impl AskedPort<'_> {
    /// Sends a request, whose host this fills in.
    ///
    /// # Errors
    ///
    /// In words, why there is no answer.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Answer, String> {
        let Self { target, over_tls, trust, now } = *self;
        let host = format!("{}:{}", target.host.in_url(), target.port);
        let request = Request { host: &host, ..request };
        let heard = if over_tls {
            match shake(target, trust, now).await {
                Shaken::Tls(_, Some(mut stream)) => in_time(exchange(&mut stream, &request)).await,
                Shaken::Tls(facts, None) => return Err(facts.refusal.unwrap_or_default()),
                Shaken::Closed(why) => return Err(why),
                Shaken::Other | Shaken::Nothing => Some(Heard::Nothing),
                Shaken::Silent => None,
            }
        } else {
            let mut stream = target.connect().await?;
            in_time(exchange(&mut stream, &request)).await
        };
        match heard {
            Some(Heard::Answer(answer)) => Ok(answer),
            Some(Heard::Nothing) => Err("it hangs up".to_owned()),
            Some(Heard::Tls | Heard::Noise) => Err("it does not answer in HTTP".to_owned()),
            None => Err("it does not answer in time".to_owned()),
        }
    }
}
