//! How the API server comes to trust the certificate of the webhook, and goes on to: whoever installs the
//! configuration of the webhook anew takes away what stood there.

use std::time::Duration;

use futures::{StreamExt, pin_mut};
use k8s_openapi::{ByteString, api::admissionregistration::v1::ValidatingWebhookConfiguration};
use kube::{
    Api, Client,
    api::Patch,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{error_text::with_causes, operator::writing::changing};

/// How many authorities of operators the API server trusts at a time: more than there are replicas.
const MOST_AUTHORITIES: usize = 8;

/// How soon it is tried again to write a configuration.
const AGAIN: Duration = Duration::from_secs(5);

/// Keeps an authority among those that the API server trusts in the webhooks of a configuration.
pub(super) async fn keep_trusted(client: Client, patient: Client, name: String, authority: String) {
    let watched: Api<ValidatingWebhookConfiguration> = Api::all(patient);
    let api: Api<ValidatingWebhookConfiguration> = Api::all(client);
    let mut told = false;
    let mut tell = |failed: Option<&dyn std::error::Error>| {
        if let (Some(error), false) = (failed, told) {
            let why = with_causes(error);
            tracing::warn!(
                configuration = name,
                why,
                "the webhook configuration cannot be told which authority to trust: it is tried again"
            );
        }
        told = failed.is_some();
    };
    loop {
        let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let seen = watcher(watched.clone(), config).default_backoff();
        pin_mut!(seen);
        while let Some(event) = seen.next().await {
            match event {
                Ok(Event::InitApply(configuration) | Event::Apply(configuration)) => {
                    let Some(patch) = missing(configuration, &authority) else { continue };
                    match api.patch(&name, &changing(), &Patch::Strategic(patch)).await {
                        Ok(_) => tell(None),
                        // What it is now is seen next.
                        Err(kube::Error::Api(answer))
                            if answer.is_conflict() || answer.is_not_found() => {}
                        Err(error) => {
                            tell(Some(&error));
                            break;
                        }
                    }
                }
                Ok(_) => {}
                Err(error) => tell(Some(&error)),
            }
        }
        sleep(AGAIN).await;
    }
}

/// What has to be written into a configuration; nothing if all its webhooks trust the authority.
fn missing(configuration: ValidatingWebhookConfiguration, authority: &str) -> Option<Value> {
    let webhooks = configuration.webhooks.unwrap_or_default();
    let changed = webhooks.iter().filter_map(|webhook| {
        let before = webhook.client_config.ca_bundle.clone().unwrap_or(ByteString(Vec::new()));
        let before = String::from_utf8_lossy(&before.0).into_owned();
        let bundle = ByteString(with_authority(&before, authority)?.into_bytes());
        Some(json!({"name": webhook.name, "clientConfig": {"caBundle": bundle}}))
    });
    let changed: Vec<_> = changed.collect();
    // Webhooks are merged by their names.
    (!changed.is_empty()).then(|| {
        json!({
            "metadata": {"resourceVersion": configuration.metadata.resource_version},
            "webhooks": changed,
        })
    })
}

/// A bundle with one more authority; `None` if it is there already. The oldest go when there are many.
fn with_authority(bundle: &str, authority: &str) -> Option<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let mut there: Vec<String> = bundle
        .split_inclusive(END)
        .filter(|it| it.contains(END))
        .map(|it| it.trim().to_owned() + "\n")
        .collect();
    let authority = authority.trim().to_owned() + "\n";
    if there.contains(&authority) {
        return None;
    }
    there.push(authority);
    let surplus = there.len().saturating_sub(MOST_AUTHORITIES);
    Some(there.split_off(surplus).concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_trusted_beside_each_other_and_the_oldest_go() {
        let authority = |number: usize| {
            format!("-----BEGIN CERTIFICATE-----\n{number}\n-----END CERTIFICATE-----\n")
        };
        let mut bundle = String::new();
        for number in 0..MOST_AUTHORITIES + 2 {
            bundle = with_authority(&bundle, &authority(number)).unwrap();
            assert_eq!(with_authority(&bundle, &authority(number)), None, "it is there");
        }
        assert_eq!(bundle.matches("BEGIN").count(), MOST_AUTHORITIES);
        assert!(!bundle.contains(&authority(1)) && bundle.contains(&authority(2)));
    }
}
