//! `RollupComputers`: what a downstream server tells of its computers. Here most of it stands in
//! attributes.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

use super::{PATH, write_dummy_cookie};
use crate::wire::{
    date_time,
    server_sync::{read_guids, write_guids},
    soap::{Operation, SoapError, bounded_text, list, moment, moment_of, moment_text},
    xml::{Namespace, Tag, XmlReader, XmlWriter},
};

/// Tells the parent of computers.
#[derive(Debug, Clone, Copy)]
pub struct RollupComputers;

/// Request of `RollupComputers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupComputersRequest {
    /// `clientTime`: the caller's clock.
    pub client_time: Timestamp,
    /// `computers`.
    pub computers: Vec<ComputerInfo>,
}

/// A computer (`ComputerRollupInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComputerInfo {
    /// `ComputerId`.
    pub id: String,
    /// `LastSyncTime`.
    pub last_synchronization: Option<Timestamp>,
    /// `LastSyncResult`: 0 unknown, 1 succeeded, 2 failed.
    pub last_result: i32,
    /// `LastReportedRebootTime`.
    pub last_reboot: Option<Timestamp>,
    /// `LastReportedStatusTime`.
    pub last_status: Option<Timestamp>,
    /// `LastInventoryTime`.
    pub last_inventory: Option<Timestamp>,
    /// `ParentServerId`: the server that it gets updates from.
    pub parent: Uuid,
    /// `Details`.
    pub details: Option<ComputerDetails>,
}

/// What a computer is (`ComputerRollupDetails`): the attributes by which it is known to people, and
/// the groups that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComputerDetails {
    /// `IPAddress`.
    pub ip_address: String,
    /// `FullDomainName`.
    pub name: String,
    /// `OSMajorVersion`, `OSMinorVersion`, `OSBuildNumber`.
    pub os_version: [i32; 3],
    /// `OSDescription`.
    pub os_description: String,
    /// `ProcessorArchitecture`.
    pub architecture: String,
    /// `ClientVersion`.
    pub client_version: String,
    /// `TargetGroupIdList`.
    pub groups: Vec<Uuid>,
    /// `RequestedTargetGroupNames`.
    pub requested_groups: Vec<String>,
}

/// A computer of which the parent wants something else (`ChangedComputer`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedComputer {
    /// `ComputerId`.
    pub id: String,
    /// `Change`.
    pub change: ComputerChange,
}

/// What the parent wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComputerChange {
    /// To hear no more of it.
    Deleted,
    /// To be told its details: it is new there.
    NewParent,
}

impl Operation for RollupComputers {
    type Request = RollupComputersRequest;
    type Response = Vec<ChangedComputer>;

    const NAME: &'static str = "RollupComputers";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/RollupComputers";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &RollupComputersRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)?;
        writer.element("clientTime", &date_time::format(request.client_time))?;
        writer.open("computers");
        for computer in &request.computers {
            write_computer(writer, computer)?;
        }
        writer.close("computers");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<RollupComputersRequest, SoapError> {
        let (mut client_time, mut computers) = (None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "clientTime" => client_time = moment(xml, "clientTime")?,
                "computers" if tag.is_nil()? => xml.skip()?,
                "computers" => {
                    let read = read_computers(xml);
                    computers = Some(read.map_err(|it| it.of_parameter("computers"))?);
                }
                _ => xml.skip()?,
            }
        }
        Ok(RollupComputersRequest {
            client_time: client_time.ok_or(SoapError::Missing { element: "clientTime" })?,
            computers: computers.ok_or(SoapError::Missing { element: "computers" })?,
        })
    }

    fn write_result(
        writer: &mut XmlWriter,
        changed: &Vec<ChangedComputer>,
    ) -> Result<(), SoapError> {
        for computer in changed {
            let change = match computer.change {
                ComputerChange::Deleted => "Deleted",
                ComputerChange::NewParent => "NewParent",
            };
            let attributes = [("ComputerId", computer.id.as_str()), ("Change", change)];
            writer.open_with("ChangedComputer", &attributes)?;
            writer.close("ChangedComputer");
        }
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<Vec<ChangedComputer>, SoapError> {
        let mut changed = Vec::new();
        while let Some(tag) = xml.next_child()? {
            if tag.local_name() == "ChangedComputer" && !tag.is_nil()? {
                let id = tag.attribute("ComputerId")?;
                let change = match tag.attribute("Change")?.as_deref() {
                    Some("Deleted") => ComputerChange::Deleted,
                    Some("NewParent") => ComputerChange::NewParent,
                    other => {
                        return Err(SoapError::invalid("Change", other.unwrap_or_default()));
                    }
                };
                let id = id.ok_or(SoapError::Missing { element: "ComputerId" })?;
                changed.push(ChangedComputer { id, change });
            }
            xml.skip()?;
        }
        Ok(changed)
    }
}

fn write_computer(writer: &mut XmlWriter, computer: &ComputerInfo) -> Result<(), SoapError> {
    writer.open_with(
        "ComputerRollupInfo",
        &[
            ("ComputerId", &computer.id),
            ("LastSyncTime", &moment_text(computer.last_synchronization)),
            ("LastSyncResult", &computer.last_result.to_string()),
            ("LastReportedRebootTime", &moment_text(computer.last_reboot)),
            ("LastReportedStatusTime", &moment_text(computer.last_status)),
            ("LastInventoryTime", &moment_text(computer.last_inventory)),
            ("ParentServerId", &computer.parent.to_string()),
        ],
    )?;
    if let Some(details) = &computer.details {
        write_details(writer, details)?;
    }
    writer.close("ComputerRollupInfo");
    Ok(())
}

fn write_details(writer: &mut XmlWriter, details: &ComputerDetails) -> Result<(), SoapError> {
    let [major, minor, build] = details.os_version.map(|it| it.to_string());
    writer.open_with(
        "Details",
        &[
            ("IPAddress", &details.ip_address),
            ("FullDomainName", &details.name),
            ("OSMajorVersion", &major),
            ("OSMinorVersion", &minor),
            ("OSBuildNumber", &build),
            ("OSServicePackMajorNumber", "0"),
            ("OSServicePackMinorNumber", "0"),
            ("OSDescription", &details.os_description),
            // The schema wants these; nobody here knows them.
            ("BiosReleaseDate", "0001-01-01T00:00:00"),
            ("ProcessorArchitecture", &details.architecture),
            ("SuiteMask", "0"),
            ("OldProductType", "0"),
            ("NewProductType", "0"),
            ("SystemMetrics", "0"),
            ("ClientVersion", &details.client_version),
        ],
    )?;
    write_guids(writer, "TargetGroupIdList", &details.groups);
    writer.open("RequestedTargetGroupNames");
    for group in &details.requested_groups {
        writer.element("string", group)?;
    }
    writer.close("RequestedTargetGroupNames");
    writer.close("Details");
    Ok(())
}

fn read_computers(xml: &mut XmlReader<'_>) -> Result<Vec<ComputerInfo>, SoapError> {
    let mut computers = Vec::new();
    while let Some(tag) = xml.next_child()? {
        if tag.local_name() != "ComputerRollupInfo" || tag.is_nil()? {
            xml.skip()?;
            continue;
        }
        let mut computer = of_attributes(&tag)?;
        while let Some(part) = xml.next_child()? {
            if part.local_name() == "Details" && !part.is_nil()? {
                computer.details = Some(read_details(xml, &part)?);
            } else {
                xml.skip()?;
            }
        }
        computers.push(computer);
    }
    Ok(computers)
}

fn of_attributes(tag: &Tag<'_>) -> Result<ComputerInfo, SoapError> {
    let (mut id, mut parent) = (None, None);
    let mut computer = ComputerInfo::default();
    for attribute in tag.attributes() {
        let (name, value) = attribute?;
        match name {
            "ComputerId" => id = Some(short("ComputerId", value)?),
            "LastSyncTime" => computer.last_synchronization = moment_of(&value, "LastSyncTime")?,
            "LastSyncResult" => computer.last_result = parsed("LastSyncResult", &value)?,
            "LastReportedRebootTime" => {
                computer.last_reboot = moment_of(&value, "LastReportedRebootTime")?;
            }
            "LastReportedStatusTime" => {
                computer.last_status = moment_of(&value, "LastReportedStatusTime")?;
            }
            "LastInventoryTime" => {
                computer.last_inventory = moment_of(&value, "LastInventoryTime")?;
            }
            "ParentServerId" => parent = Some(parsed("ParentServerId", &value)?),
            _ => {}
        }
    }
    computer.id = id.ok_or(SoapError::Missing { element: "ComputerId" })?;
    computer.parent = parent.ok_or(SoapError::Missing { element: "ParentServerId" })?;
    Ok(computer)
}

fn read_details(xml: &mut XmlReader<'_>, tag: &Tag<'_>) -> Result<ComputerDetails, SoapError> {
    let mut details = ComputerDetails::default();
    let [major, minor, build] = &mut details.os_version;
    for attribute in tag.attributes() {
        let (name, value) = attribute?;
        match name {
            "IPAddress" => details.ip_address = short("IPAddress", value)?,
            "FullDomainName" => details.name = short("FullDomainName", value)?,
            "OSMajorVersion" => *major = parsed("OSMajorVersion", &value)?,
            "OSMinorVersion" => *minor = parsed("OSMinorVersion", &value)?,
            "OSBuildNumber" => *build = parsed("OSBuildNumber", &value)?,
            "OSDescription" => details.os_description = short("OSDescription", value)?,
            "ProcessorArchitecture" => {
                details.architecture = short("ProcessorArchitecture", value)?;
            }
            "ClientVersion" => details.client_version = short("ClientVersion", value)?,
            _ => {}
        }
    }
    while let Some(part) = xml.next_child()? {
        match part.local_name() {
            "TargetGroupIdList" => details.groups = read_guids(xml, "TargetGroupIdList")?,
            "RequestedTargetGroupNames" => {
                let name = "RequestedTargetGroupNames";
                details.requested_groups = list(xml, "string", |xml| bounded_text(xml, name))?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(details)
}

/// The text of an attribute; error when it is unreasonably long.
fn short(name: &'static str, value: Cow<'_, str>) -> Result<String, SoapError> {
    if value.len() > 1_024 {
        return Err(SoapError::invalid(name, &value));
    }
    Ok(value.into_owned())
}

fn parsed<T: std::str::FromStr>(name: &'static str, value: &str) -> Result<T, SoapError> {
    value.trim().parse().map_err(|_| SoapError::invalid(name, value))
}
