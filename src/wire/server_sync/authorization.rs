//! `GetAuthConfig`: where to be authorized.

use super::{AuthConfig, AuthPlugIn, GetAuthConfigRequest, PATH};
use crate::wire::{
    date_time,
    soap::{Operation, SoapError, bounded_text, number},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks how to be authorized: the first call of every synchronisation.
#[derive(Debug, Clone, Copy)]
pub struct GetAuthConfig;

impl Operation for GetAuthConfig {
    type Request = GetAuthConfigRequest;
    type Response = AuthConfig;

    const NAME: &'static str = "GetAuthConfig";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetAuthConfig";
    const PATH: &'static str = PATH;

    fn write_request(_: &mut XmlWriter, _: &GetAuthConfigRequest) -> Result<(), SoapError> {
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetAuthConfigRequest, SoapError> {
        xml.skip()?;
        Ok(GetAuthConfigRequest)
    }

    fn write_result(writer: &mut XmlWriter, config: &AuthConfig) -> Result<(), SoapError> {
        match config.last_change {
            Some(at) => writer.element("LastChange", &date_time::format(at))?,
            // The schema wants the element; this is the value that stands for none in the field.
            None => writer.element("LastChange", "0001-01-01T00:00:00")?,
        }
        writer.open("AuthInfo");
        for plug_in in &config.auth_info {
            writer.open("AuthPlugInInfo");
            writer.element("PlugInID", &plug_in.plug_in_id)?;
            writer.element("ServiceUrl", &plug_in.service_url)?;
            writer.optional("Parameter", plug_in.parameter.as_deref())?;
            writer.close("AuthPlugInInfo");
        }
        writer.close("AuthInfo");
        if !config.allowed_event_ids.is_empty() {
            writer.open("AllowedEventIds");
            for id in &config.allowed_event_ids {
                writer.value("int", id);
            }
            writer.close("AllowedEventIds");
        }
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<AuthConfig, SoapError> {
        let mut config = AuthConfig::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                // Nothing depends on it, so one that is not understood does no harm.
                "LastChange" => config.last_change = date_time::parse(&xml.text()?).ok(),
                "AuthInfo" => {
                    while let Some(item) = xml.next_child()? {
                        if item.local_name() == "AuthPlugInInfo" {
                            config.auth_info.push(read_plug_in(xml)?);
                        } else {
                            xml.skip()?;
                        }
                    }
                }
                "AllowedEventIds" => {
                    while xml.next_child()?.is_some() {
                        config.allowed_event_ids.push(number(xml, "AllowedEventIds")?);
                    }
                }
                _ => xml.skip()?,
            }
        }
        Ok(config)
    }
}

fn read_plug_in(xml: &mut XmlReader<'_>) -> Result<AuthPlugIn, SoapError> {
    let mut plug_in = AuthPlugIn::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "PlugInID" => plug_in.plug_in_id = bounded_text(xml, "PlugInID")?,
            "ServiceUrl" => plug_in.service_url = bounded_text(xml, "ServiceUrl")?,
            "Parameter" => plug_in.parameter = Some(bounded_text(xml, "Parameter")?),
            _ => xml.skip()?,
        }
    }
    Ok(plug_in)
}
