//! `GetRequiredInventoryType` and `ReportInventory`: what computers could tell of what is installed
//! on them. No update point of ours wants to know.

use jiff::Timestamp;
use uuid::Uuid;

use super::{PATH, write_dummy_cookie};
use crate::wire::{
    date_time,
    soap::{Operation, SoapError, bounded_text, moment, number, required_guid, truth},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks which inventory is wanted; 0: none.
#[derive(Debug, Clone, Copy)]
pub struct GetRequiredInventoryType;

/// Hands an inventory over; the answer is whether it was taken.
#[derive(Debug, Clone, Copy)]
pub struct ReportInventory;

/// Request of `GetRequiredInventoryType`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetRequiredInventoryTypeRequest {
    /// `rulesId`.
    pub rules_id: Uuid,
    /// `rulesVersion`.
    pub rules_version: String,
}

/// Request of `ReportInventory`, without the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportInventoryRequest {
    /// `clientTime`: the caller's clock.
    pub client_time: Timestamp,
}

impl Operation for GetRequiredInventoryType {
    type Request = GetRequiredInventoryTypeRequest;
    type Response = i32;

    const NAME: &'static str = "GetRequiredInventoryType";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/GetRequiredInventoryType";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetRequiredInventoryTypeRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)?;
        writer.value("rulesId", request.rules_id);
        writer.element("rulesVersion", &request.rules_version)?;
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetRequiredInventoryTypeRequest, SoapError> {
        let mut request = GetRequiredInventoryTypeRequest::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "rulesId" => request.rules_id = required_guid(xml, "rulesId")?,
                "rulesVersion" => request.rules_version = bounded_text(xml, "rulesVersion")?,
                _ => xml.skip()?,
            }
        }
        Ok(request)
    }

    fn write_result(writer: &mut XmlWriter, kind: &i32) -> Result<(), SoapError> {
        writer.raw(&kind.to_string());
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<i32, SoapError> {
        number(xml, "GetRequiredInventoryTypeResult")
    }
}

impl Operation for ReportInventory {
    type Request = ReportInventoryRequest;
    type Response = bool;

    const NAME: &'static str = "ReportInventory";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/ReportInventory";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &ReportInventoryRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)?;
        writer.element("clientTime", &date_time::format(request.client_time))?;
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<ReportInventoryRequest, SoapError> {
        let mut client_time = None;
        while let Some(tag) = xml.next_child()? {
            if tag.local_name() == "clientTime" {
                client_time = moment(xml, "clientTime")?;
            } else {
                xml.skip()?;
            }
        }
        let client_time = client_time.ok_or(SoapError::Missing { element: "clientTime" })?;
        Ok(ReportInventoryRequest { client_time })
    }

    fn write_result(writer: &mut XmlWriter, taken: &bool) -> Result<(), SoapError> {
        writer.raw(if *taken { "true" } else { "false" });
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<bool, SoapError> {
        truth(xml, "ReportInventoryResult")
    }
}
