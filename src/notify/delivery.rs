//! One message to one receiver.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{DeliveryError, mail, secrets::Secrets, web};
use crate::{
    engine::notifications::{Message, MessageContent},
    model::{Destination, Name},
    net::http::Client,
    view::Telling,
};

/// The longest time that a delivery takes: it is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every delivery needs.
#[derive(Debug, Clone)]
pub(super) struct Ways {
    pub(super) http: Client,
    pub(super) tls: Arc<rustls::ClientConfig>,
    pub(super) secrets: Secrets,
    /// Where manifests come from, for those who are told.
    pub(super) source: Arc<str>,
}

impl Ways {
    /// Delivers a message.
    pub(super) async fn deliver(
        &self,
        name: &Name,
        to: &Destination,
        message: &Message,
    ) -> Result<(), DeliveryError> {
        let delivered = timeout(PATIENCE, self.without_bound(name, to, message)).await;
        delivered.unwrap_or(Err(DeliveryError::TooLong))
    }

    async fn without_bound(
        &self,
        name: &Name,
        to: &Destination,
        message: &Message,
    ) -> Result<(), DeliveryError> {
        let Self { http, tls, secrets, source } = self;
        let telling = Telling { notification: name, source, message };
        let Destination { webhook, slack, email, commit_status } = to;
        match (&message.content, commit_status) {
            (MessageContent::CommitStatus(update), Some(to)) => {
                return web::commit_status(http, secrets, to, update).await;
            }
            // It was decided for what this receiver was before.
            (MessageContent::CommitStatus(_), None) | (MessageContent::Events { .. }, Some(_)) => {
                return Ok(());
            }
            (MessageContent::Events { .. }, None) => {}
        }
        // The rules want exactly one of them.
        if let Some(to) = webhook {
            web::webhook(http, secrets, to, telling).await
        } else if let Some(to) = slack {
            web::slack(http, secrets, to, telling).await
        } else if let Some(to) = email {
            mail::send(to, secrets, tls, telling).await
        } else {
            Ok(())
        }
    }
}
