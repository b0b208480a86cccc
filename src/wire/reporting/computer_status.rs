//! `RollupComputerStatus`: how the updates of computers stand.

use jiff::Timestamp;
use uuid::Uuid;

use super::{PATH, write_dummy_cookie};
use crate::wire::{
    date_time,
    soap::{
        Operation, SoapError, bounded_text, list, moment, moment_text, number, required_guid, truth,
    },
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Tells the parent how the updates of computers stand; the answer is whether it was taken.
#[derive(Debug, Clone, Copy)]
pub struct RollupComputerStatus;

/// Request of `RollupComputerStatus`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupComputerStatusRequest {
    /// `clientTime`: the caller's clock.
    pub client_time: Timestamp,
    /// `parentServerId`: who tells.
    pub parent: Uuid,
    /// `computers`.
    pub computers: Vec<ComputerStatus>,
}

/// How the updates of a computer stand (`ComputerStatusRollupInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComputerStatus {
    /// `InstanceId`: changes when the computer is registered anew.
    pub instance: Uuid,
    /// `ComputerId`.
    pub id: String,
    /// `EffectiveLastDetectionTime`.
    pub last_detection: Option<Timestamp>,
    /// `RollupNumber`: grows by one each time.
    pub number: i32,
    /// `IsFullRollup`: all of it, not what has changed.
    pub full: bool,
    /// `UpdateStatus`.
    pub updates: Vec<UpdateStatus>,
}

/// How an update stands (`ComputerStatusRollupUpdateStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpdateStatus {
    /// `UpdateId`.
    pub update_id: Uuid,
    /// `SummarizationState`: 0 not applicable, 2 needed, 3 downloaded, 4 installed, 5 failed,
    /// 6 installed after a restart.
    pub state: i32,
    /// `LastChangeTime`.
    pub changed_at: Option<Timestamp>,
}

impl Operation for RollupComputerStatus {
    type Request = RollupComputerStatusRequest;
    type Response = bool;

    const NAME: &'static str = "RollupComputerStatus";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/RollupComputerStatus";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &RollupComputerStatusRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)?;
        writer.element("clientTime", &date_time::format(request.client_time))?;
        writer.value("parentServerId", request.parent);
        writer.open("computers");
        for computer in &request.computers {
            write_status(writer, computer)?;
        }
        writer.close("computers");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<RollupComputerStatusRequest, SoapError> {
        let (mut client_time, mut parent, mut computers) = (None, None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "clientTime" => client_time = moment(xml, "clientTime")?,
                "parentServerId" => parent = Some(required_guid(xml, "parentServerId")?),
                "computers" if tag.is_nil()? => xml.skip()?,
                "computers" => {
                    let read = list(xml, "ComputerStatusRollupInfo", read_status);
                    computers = Some(read.map_err(|it| it.of_parameter("computers"))?);
                }
                _ => xml.skip()?,
            }
        }
        Ok(RollupComputerStatusRequest {
            client_time: client_time.ok_or(SoapError::Missing { element: "clientTime" })?,
            parent: parent.ok_or(SoapError::Missing { element: "parentServerId" })?,
            computers: computers.ok_or(SoapError::Missing { element: "computers" })?,
        })
    }

    fn write_result(writer: &mut XmlWriter, taken: &bool) -> Result<(), SoapError> {
        writer.raw(if *taken { "true" } else { "false" });
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<bool, SoapError> {
        truth(xml, "RollupComputerStatusResult")
    }
}

fn write_status(writer: &mut XmlWriter, computer: &ComputerStatus) -> Result<(), SoapError> {
    writer.open("ComputerStatusRollupInfo");
    writer.value("InstanceId", computer.instance);
    writer.element("ComputerId", &computer.id)?;
    writer.element("EffectiveLastDetectionTime", &moment_text(computer.last_detection))?;
    writer.value("RollupNumber", computer.number);
    writer.value("IsFullRollup", computer.full);
    writer.open("UpdateStatus");
    for update in &computer.updates {
        writer.open("ComputerStatusRollupUpdateStatus");
        writer.value("UpdateId", update.update_id);
        writer.value("SummarizationState", update.state);
        writer.element("LastChangeTime", &moment_text(update.changed_at))?;
        writer.close("ComputerStatusRollupUpdateStatus");
    }
    writer.close("UpdateStatus");
    writer.close("ComputerStatusRollupInfo");
    Ok(())
}

fn read_status(xml: &mut XmlReader<'_>) -> Result<ComputerStatus, SoapError> {
    let mut computer = ComputerStatus::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "InstanceId" => computer.instance = required_guid(xml, "InstanceId")?,
            "ComputerId" => computer.id = bounded_text(xml, "ComputerId")?,
            "EffectiveLastDetectionTime" => {
                computer.last_detection = moment(xml, "EffectiveLastDetectionTime")?;
            }
            "RollupNumber" => computer.number = number(xml, "RollupNumber")?,
            "IsFullRollup" => computer.full = truth(xml, "IsFullRollup")?,
            "UpdateStatus" => {
                computer.updates = list(xml, "ComputerStatusRollupUpdateStatus", read_update)?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(computer)
}

fn read_update(xml: &mut XmlReader<'_>) -> Result<UpdateStatus, SoapError> {
    let mut update = UpdateStatus::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "UpdateId" => update.update_id = required_guid(xml, "UpdateId")?,
            "SummarizationState" => update.state = number(xml, "SummarizationState")?,
            "LastChangeTime" => update.changed_at = moment(xml, "LastChangeTime")?,
            _ => xml.skip()?,
        }
    }
    Ok(update)
}
