//! `GetOutOfSyncComputers`: of which computers a parent has missed something.

use uuid::Uuid;

use super::{PATH, write_dummy_cookie};
use crate::wire::{
    soap::{Operation, SoapError, bounded_text, list, number, required_guid},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks which computers the parent wants to be told of as a whole.
#[derive(Debug, Clone, Copy)]
pub struct GetOutOfSyncComputers;

/// Request of `GetOutOfSyncComputers`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetOutOfSyncComputersRequest {
    /// `parentServerId`: who asks.
    pub parent: Uuid,
    /// `lastRollupNumbers`.
    pub numbers: Vec<LastRollupNumber>,
}

/// How often a computer was told of (`ComputerLastRollupNumber`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LastRollupNumber {
    /// `ComputerId`.
    pub id: String,
    /// `RollupNumber`; 0: never.
    pub number: i32,
}

impl Operation for GetOutOfSyncComputers {
    type Request = GetOutOfSyncComputersRequest;
    type Response = Vec<String>;

    const NAME: &'static str = "GetOutOfSyncComputers";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/GetOutOfSyncComputers";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetOutOfSyncComputersRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)?;
        writer.value("parentServerId", request.parent);
        writer.open("lastRollupNumbers");
        for computer in &request.numbers {
            writer.open("ComputerLastRollupNumber");
            writer.element("ComputerId", &computer.id)?;
            writer.value("RollupNumber", computer.number);
            writer.close("ComputerLastRollupNumber");
        }
        writer.close("lastRollupNumbers");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetOutOfSyncComputersRequest, SoapError> {
        let (mut parent, mut numbers) = (None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "parentServerId" => parent = Some(required_guid(xml, "parentServerId")?),
                "lastRollupNumbers" if tag.is_nil()? => xml.skip()?,
                "lastRollupNumbers" => {
                    let read = list(xml, "ComputerLastRollupNumber", read_number);
                    numbers = Some(read.map_err(|it| it.of_parameter("lastRollupNumbers"))?);
                }
                _ => xml.skip()?,
            }
        }
        Ok(GetOutOfSyncComputersRequest {
            parent: parent.ok_or(SoapError::Missing { element: "parentServerId" })?,
            numbers: numbers.ok_or(SoapError::Missing { element: "lastRollupNumbers" })?,
        })
    }

    fn write_result(writer: &mut XmlWriter, computers: &Vec<String>) -> Result<(), SoapError> {
        for computer in computers {
            writer.element("string", computer)?;
        }
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<Vec<String>, SoapError> {
        list(xml, "string", |xml| bounded_text(xml, "GetOutOfSyncComputersResult"))
    }
}

fn read_number(xml: &mut XmlReader<'_>) -> Result<LastRollupNumber, SoapError> {
    let mut computer = LastRollupNumber::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "ComputerId" => computer.id = bounded_text(xml, "ComputerId")?,
            "RollupNumber" => computer.number = number(xml, "RollupNumber")?,
            _ => xml.skip()?,
        }
    }
    Ok(computer)
}
