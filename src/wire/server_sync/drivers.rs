//! `GetDriverIdList` and `GetDriverSetData`: drivers by the hardware they are for. They are in the
//! text of the specification, and in none of its descriptions (protocol §1.2).

use uuid::Uuid;

use super::{
    Cookie, IdAndDelta, PATH,
    cookies::{read_cookie, write_cookie},
    lists::{read_guids, write_guids},
    revision_list::{read_category_items, read_identities, write_identity, write_item},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{Operation, SoapError, list, optional_text, required_guid, truth},
        xml::{Namespace, XmlReader, XmlWriter},
    },
};

/// Asks which drivers there are for hardware.
#[derive(Debug, Clone, Copy)]
pub struct GetDriverIdList;

/// Asks for sets of drivers.
#[derive(Debug, Clone, Copy)]
pub struct GetDriverSetData;

/// Request of `GetDriverIdList`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetDriverIdListRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `filter`.
    pub filter: DriverFilter,
}

/// Which drivers are asked for (`ServerSyncDriverFilter`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriverFilter {
    /// `Anchor`: what the parent gave after the first of the last calls.
    pub anchor: Option<String>,
    /// `Categories`.
    pub categories: Vec<IdAndDelta>,
    /// `ComputerIds`: identifiers of makes and models.
    pub computer_ids: Vec<IdAndDelta>,
    /// `PnpHardwareIds`: identifiers of devices, and whether only what changed is wanted.
    pub hardware_ids: Vec<(String, bool)>,
}

/// Which drivers there are (`DriverSetAndRevisionIdList`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriverList {
    /// `Anchor`.
    pub anchor: Option<String>,
    /// `NewRevisions`.
    pub new_revisions: Vec<UpdateIdentity>,
    /// `NewDriverSets`.
    pub new_driver_sets: Vec<Uuid>,
    /// `RemovedDriverSets`.
    pub removed_driver_sets: Vec<Uuid>,
}

/// Request of `GetDriverSetData`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetDriverSetDataRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `driverSets`.
    pub driver_sets: Vec<Uuid>,
}

/// A set of drivers (`ServerSyncDriverSetData`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverSet {
    /// `DriverSetId`.
    pub id: Uuid,
    /// `DriverSetXml`.
    pub document: String,
}

impl Operation for GetDriverIdList {
    type Request = GetDriverIdListRequest;
    type Response = DriverList;

    const NAME: &'static str = "GetDriverIdList";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetDriverIdList";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetDriverIdListRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        let filter = &request.filter;
        writer.open("filter");
        writer.optional("Anchor", filter.anchor.as_deref())?;
        for (name, items) in
            [("Categories", &filter.categories), ("ComputerIds", &filter.computer_ids)]
        {
            writer.open(name);
            for item in items {
                write_item(writer, "IdAndDelta", item.id, item.delta);
            }
            writer.close(name);
        }
        writer.open("PnpHardwareIds");
        for (id, delta) in &filter.hardware_ids {
            writer.open("HardwareIdAndDelta");
            writer.element("Id", id)?;
            writer.value("Delta", delta);
            writer.close("HardwareIdAndDelta");
        }
        writer.close("PnpHardwareIds");
        writer.close("filter");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetDriverIdListRequest, SoapError> {
        let (mut cookie, mut filter) = (Cookie::default(), None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = read_cookie(xml, "cookie")?,
                "filter" => {
                    filter = Some(read_filter(xml).map_err(|it| it.of_parameter("filter"))?);
                }
                _ => xml.skip()?,
            }
        }
        let filter = filter.ok_or(SoapError::Missing { element: "filter" })?;
        Ok(GetDriverIdListRequest { cookie, filter })
    }

    fn write_result(writer: &mut XmlWriter, drivers: &DriverList) -> Result<(), SoapError> {
        writer.optional("Anchor", drivers.anchor.as_deref())?;
        writer.open("NewRevisions");
        for identity in &drivers.new_revisions {
            write_identity(writer, "UpdateIdentity", identity);
        }
        writer.close("NewRevisions");
        write_guids(writer, "NewDriverSets", &drivers.new_driver_sets);
        write_guids(writer, "RemovedDriverSets", &drivers.removed_driver_sets);
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<DriverList, SoapError> {
        let mut drivers = DriverList::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "Anchor" => drivers.anchor = optional_text(xml, "Anchor")?,
                "NewRevisions" => drivers.new_revisions = read_identities(xml, "NewRevisions")?,
                "NewDriverSets" => drivers.new_driver_sets = read_guids(xml, "NewDriverSets")?,
                "RemovedDriverSets" => {
                    drivers.removed_driver_sets = read_guids(xml, "RemovedDriverSets")?;
                }
                _ => xml.skip()?,
            }
        }
        Ok(drivers)
    }
}

fn read_filter(xml: &mut XmlReader<'_>) -> Result<DriverFilter, SoapError> {
    let mut filter = DriverFilter::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "Anchor" => filter.anchor = optional_text(xml, "Anchor")?,
            "Categories" => filter.categories = read_category_items(xml)?,
            "ComputerIds" => filter.computer_ids = read_category_items(xml)?,
            "PnpHardwareIds" => {
                filter.hardware_ids = list(xml, "HardwareIdAndDelta", read_hardware_id)?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(filter)
}

fn read_hardware_id(xml: &mut XmlReader<'_>) -> Result<(String, bool), SoapError> {
    let (mut id, mut delta) = (None, false);
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "Id" => id = optional_text(xml, "Id")?,
            "Delta" => delta = truth(xml, "Delta")?,
            _ => xml.skip()?,
        }
    }
    Ok((id.ok_or(SoapError::Missing { element: "Id" })?, delta))
}

impl Operation for GetDriverSetData {
    type Request = GetDriverSetDataRequest;
    type Response = Vec<DriverSet>;

    const NAME: &'static str = "GetDriverSetData";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetDriverSetData";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetDriverSetDataRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        write_guids(writer, "driverSets", &request.driver_sets);
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetDriverSetDataRequest, SoapError> {
        let (mut cookie, mut driver_sets) = (Cookie::default(), None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = read_cookie(xml, "cookie")?,
                "driverSets" if tag.is_nil()? => xml.skip()?,
                "driverSets" => driver_sets = Some(read_guids(xml, "driverSets")?),
                _ => xml.skip()?,
            }
        }
        let driver_sets = driver_sets.ok_or(SoapError::Missing { element: "driverSets" })?;
        Ok(GetDriverSetDataRequest { cookie, driver_sets })
    }

    fn write_result(writer: &mut XmlWriter, sets: &Vec<DriverSet>) -> Result<(), SoapError> {
        writer.open("DriverSets");
        for set in sets {
            writer.open("ServerSyncDriverSetData");
            writer.value("DriverSetId", set.id);
            writer.element("DriverSetXml", &set.document)?;
            writer.close("ServerSyncDriverSetData");
        }
        writer.close("DriverSets");
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<Vec<DriverSet>, SoapError> {
        let mut sets = Vec::new();
        while let Some(tag) = xml.next_child()? {
            if tag.local_name() == "DriverSets" {
                sets = list(xml, "ServerSyncDriverSetData", read_set)?;
            } else {
                xml.skip()?;
            }
        }
        Ok(sets)
    }
}

fn read_set(xml: &mut XmlReader<'_>) -> Result<DriverSet, SoapError> {
    let (mut id, mut document) = (None, String::new());
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "DriverSetId" => id = Some(required_guid(xml, "DriverSetId")?),
            "DriverSetXml" => document = xml.text()?.into_owned(),
            _ => xml.skip()?,
        }
    }
    Ok(DriverSet { id: id.ok_or(SoapError::Missing { element: "DriverSetId" })?, document })
}
