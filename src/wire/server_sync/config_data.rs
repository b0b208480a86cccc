//! `GetConfigData`: the parent's limits and languages.

use super::{
    ConfigData, GetConfigDataRequest, LanguageData, PATH,
    cookies::{read_cookie, write_cookie},
};
use crate::wire::{
    soap::{Operation, SoapError, bounded_text, number, optional_text, truth},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks what the parent allows and offers.
#[derive(Debug, Clone, Copy)]
pub struct GetConfigData;

impl Operation for GetConfigData {
    type Request = GetConfigDataRequest;
    type Response = ConfigData;

    const NAME: &'static str = "GetConfigData";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetConfigData";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetConfigDataRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        writer.optional("configAnchor", request.config_anchor.as_deref())?;
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetConfigDataRequest, SoapError> {
        let (mut cookie, mut config_anchor) = (None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = Some(read_cookie(xml, "cookie")?),
                "configAnchor" => config_anchor = optional_text(xml, "configAnchor")?,
                _ => xml.skip()?,
            }
        }
        // No cookie is as good as one that is not valid.
        Ok(GetConfigDataRequest { cookie: cookie.unwrap_or_default(), config_anchor })
    }

    fn write_result(writer: &mut XmlWriter, data: &ConfigData) -> Result<(), SoapError> {
        writer.value("CatalogOnlySync", data.catalog_only_sync);
        writer.value("LazySync", data.lazy_sync);
        writer.value("ServerHostsPsfFiles", data.server_hosts_psf_files);
        writer.value("MaxNumberOfComputerIdsInRequest", data.max_computer_ids_per_request);
        writer.value("MaxNumberOfDriverSetsPerRequest", data.max_driver_sets_per_request);
        writer.value("MaxNumberOfPnpHardwareIdsInRequest", data.max_hardware_ids_per_request);
        writer.value("MaxNumberOfUpdatesPerRequest", data.max_updates_per_request);
        writer.optional("NewConfigAnchor", data.new_config_anchor.as_deref())?;
        writer.optional("ProtocolVersion", data.protocol_version.as_deref())?;
        writer.open("LanguageUpdateList");
        for language in &data.languages {
            writer.open("ServerSyncLanguageData");
            writer.value("LanguageID", language.id);
            writer.element("ShortLanguage", &language.short_name)?;
            writer.element("LongLanguage", &language.long_name)?;
            writer.value("Enabled", language.enabled);
            writer.close("ServerSyncLanguageData");
        }
        writer.close("LanguageUpdateList");
        writer.value(
            "MaxUpdatesPerRequestInGetUpdateDecryptionData",
            data.max_updates_per_decryption_request,
        );
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<ConfigData, SoapError> {
        let mut data = ConfigData::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "CatalogOnlySync" => data.catalog_only_sync = truth(xml, "CatalogOnlySync")?,
                "LazySync" => data.lazy_sync = truth(xml, "LazySync")?,
                "ServerHostsPsfFiles" => {
                    data.server_hosts_psf_files = truth(xml, "ServerHostsPsfFiles")?;
                }
                "MaxNumberOfComputerIdsInRequest" => {
                    data.max_computer_ids_per_request =
                        number(xml, "MaxNumberOfComputerIdsInRequest")?;
                }
                "MaxNumberOfDriverSetsPerRequest" => {
                    data.max_driver_sets_per_request =
                        number(xml, "MaxNumberOfDriverSetsPerRequest")?;
                }
                "MaxNumberOfPnpHardwareIdsInRequest" => {
                    data.max_hardware_ids_per_request =
                        number(xml, "MaxNumberOfPnpHardwareIdsInRequest")?;
                }
                "MaxNumberOfUpdatesPerRequest" => {
                    data.max_updates_per_request = number(xml, "MaxNumberOfUpdatesPerRequest")?;
                }
                "NewConfigAnchor" => {
                    data.new_config_anchor = optional_text(xml, "NewConfigAnchor")?;
                }
                "ProtocolVersion" => data.protocol_version = optional_text(xml, "ProtocolVersion")?,
                "LanguageUpdateList" => {
                    while let Some(item) = xml.next_child()? {
                        if item.local_name() == "ServerSyncLanguageData" {
                            data.languages.push(read_language(xml)?);
                        } else {
                            xml.skip()?;
                        }
                    }
                }
                "MaxUpdatesPerRequestInGetUpdateDecryptionData" => {
                    data.max_updates_per_decryption_request =
                        number(xml, "MaxUpdatesPerRequestInGetUpdateDecryptionData")?;
                }
                _ => xml.skip()?,
            }
        }
        Ok(data)
    }
}

fn read_language(xml: &mut XmlReader<'_>) -> Result<LanguageData, SoapError> {
    let mut language = LanguageData::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "LanguageID" => language.id = number(xml, "LanguageID")?,
            "ShortLanguage" => language.short_name = bounded_text(xml, "ShortLanguage")?,
            "LongLanguage" => language.long_name = bounded_text(xml, "LongLanguage")?,
            "Enabled" => language.enabled = truth(xml, "Enabled")?,
            _ => xml.skip()?,
        }
    }
    Ok(language)
}
