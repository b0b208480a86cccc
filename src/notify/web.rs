//! What is told over HTTP.

use aws_lc_rs::hmac;
use axum::http::header::{CONTENT_TYPE, HeaderValue};

use super::{DeliveryError, commit_status::status_request, secrets::Secrets};
use crate::{
    engine::notifications::CommitUpdate,
    model::{CommitStatus, Slack, Webhook},
    net::http::{Client, RequestBuilder},
    view::{Telling, notification_json, notification_slack},
};

/// The header with the signature of a body.
const SIGNATURE: &str = "X-Headwater-Signature";
/// The header with the identity of a message.
const DELIVERY: &str = "X-Headwater-Delivery";

/// Posts events as JSON, signed where there is a key.
pub(super) async fn webhook(
    client: &Client,
    secrets: &Secrets,
    to: &Webhook,
    telling: Telling<'_>,
) -> Result<(), DeliveryError> {
    let url = match (&to.url, &to.url_file) {
        (Some(url), _) => url.as_str().to_owned(),
        (None, Some(file)) => secrets.read(file, "URL").await?,
        // The rules want one of them.
        (None, None) => String::new(),
    };
    let body = notification_json(telling);
    let mut request = client.post(url).header(DELIVERY, telling.message.id.as_str());
    if let Some(file) = &to.secret_file {
        let key = secrets.read(file, "key").await?;
        request = request.header(SIGNATURE, signature(&key, body.as_bytes()));
    }
    send(request, body).await
}

/// The signature of a body: what `sha256=` is followed by everywhere else, too.
fn signature(key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// Posts a text to a channel.
pub(super) async fn slack(
    client: &Client,
    secrets: &Secrets,
    to: &Slack,
    telling: Telling<'_>,
) -> Result<(), DeliveryError> {
    let url = secrets.read(&to.url_file, "URL").await?;
    send(client.post(url), notification_slack(telling)).await
}

/// Sets the status of a commit.
pub(super) async fn commit_status(
    client: &Client,
    secrets: &Secrets,
    to: &CommitStatus,
    update: &CommitUpdate,
) -> Result<(), DeliveryError> {
    let wanted = status_request(to, update);
    let token = secrets.read(&to.token_file, "token").await?;
    let (name, before) = wanted.token;
    let mut token = HeaderValue::try_from(format!("{before}{token}"))
        .map_err(|_| DeliveryError::NoSecret(to.token_file.clone(), "token"))?;
    token.set_sensitive(true);
    let (accept, media) = wanted.accept;
    let request = client.post(wanted.url).header(name, token).header(accept, media);
    send(request, wanted.body.to_string()).await
}

async fn send(request: RequestBuilder, body: String) -> Result<(), DeliveryError> {
    let request = request.header(CONTENT_TYPE, "application/json").body(body);
    // The URL may be the secret itself, and what is answered may repeat it: that is not read.
    let answer = request.send().await.map_err(DeliveryError::Http)?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(DeliveryError::Answered(status.as_u16())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
