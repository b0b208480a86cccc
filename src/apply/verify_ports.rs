//! Verifies that a software update point answers where it shall (SUP-5, PORT-5): connects as a
//! downstream server does and asks the first question of the protocol.

use crate::{
    error_text::with_causes,
    model::Name,
    net,
    wire::{
        server_sync::{GetAuthConfig, GetAuthConfigRequest, PATH},
        soap::Operation,
    },
};

use super::{
    Apply,
    actions::{ActionError, Carried},
};

impl Apply {
    pub(super) async fn verify_ports(&self, name: &Name) -> Carried {
        let missing = || ActionError::NotPlanned(format!("software update point `{name}`"));
        let url = self.hierarchy.update_point_url(name).ok_or_else(missing)?;
        let failed = |why: String| ActionError::Failed(format!("`{name}` at {url}: {why}"));
        let addresses = self.agents.addresses();
        let http = net::client(addresses).map_err(|error| failed(with_causes(&error)))?;
        let body = GetAuthConfig::encode_request(&GetAuthConfigRequest)
            .map_err(|error| failed(with_causes(&error)))?;
        let response = http
            .post(format!("{}{PATH}", addresses.reach(&url)))
            .header("content-type", "text/xml; charset=utf-8")
            .header("soapaction", format!("\"{}\"", GetAuthConfig::ACTION))
            .body(body)
            .send()
            .await
            .map_err(|error| failed(with_causes(&error.without_url())))?;
        let status = response.status();
        let answer =
            response.bytes().await.map_err(|error| failed(with_causes(&error.without_url())))?;
        let config = GetAuthConfig::decode_response(&answer).map_err(|error| {
            failed(format!("something that is no update point answers ({status}): {error}"))
        })?;
        if config.auth_info.is_empty() {
            return Err(failed("it does not say how to be authorized".to_owned()));
        }
        Ok(format!("it answers at {url}"))
    }
}
