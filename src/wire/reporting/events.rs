//! `ReportEventBatch` and `ReportEventBatch2`: what computers tell of themselves.

use jiff::Timestamp;
use uuid::Uuid;

use super::{PATH, write_dummy_cookie};
use crate::wire::{
    date_time,
    soap::{
        Operation, SoapError, bounded_text, list, moment, moment_text, number, required_guid,
        truth, whole,
    },
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Tells of events.
#[derive(Debug, Clone, Copy)]
pub struct ReportEventBatch;

/// Tells of events of a computer that is named.
#[derive(Debug, Clone, Copy)]
pub struct ReportEventBatch2;

/// Request of `ReportEventBatch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportEventBatchRequest {
    /// `clientTime`: the caller's clock.
    pub client_time: Timestamp,
    /// `eventBatch`.
    pub events: Vec<ReportedEvent>,
}

/// Request of `ReportEventBatch2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportEventBatch2Request {
    /// `computerId`.
    pub computer_id: String,
    /// `clientTime`: the caller's clock.
    pub client_time: Timestamp,
    /// `eventBatch`.
    pub events: Vec<ReportedEvent>,
}

/// An event (`ReportingEvent`): what tells which computer it is about, and what has happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportedEvent {
    /// `BasicData/TargetID/Sid`: the computer.
    pub computer_id: String,
    /// `BasicData/TimeAtTarget`.
    pub at: Option<Timestamp>,
    /// `BasicData/EventInstanceID`.
    pub instance: Uuid,
    /// `BasicData/EventID` (protocol §3).
    pub event_id: i16,
    /// `PrivateData/ComputerDnsName`.
    pub computer_name: String,
}

macro_rules! operation {
    ($call:ident, $request:ident, $name:literal, $head:expr, $read:expr) => {
        impl Operation for $call {
            type Request = $request;
            type Response = bool;

            const NAME: &'static str = $name;
            const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
            const ACTION: &'static str =
                concat!("http://www.microsoft.com/SoftwareDistribution/", $name);
            const PATH: &'static str = PATH;

            fn write_request(writer: &mut XmlWriter, request: &$request) -> Result<(), SoapError> {
                let head: fn(&mut XmlWriter, &$request) -> Result<(), SoapError> = $head;
                head(writer, request)?;
                writer.element("clientTime", &date_time::format(request.client_time))?;
                writer.open("eventBatch");
                for event in &request.events {
                    write_event(writer, event)?;
                }
                writer.close("eventBatch");
                Ok(())
            }

            fn read_request(xml: &mut XmlReader<'_>) -> Result<$request, SoapError> {
                let made: fn(String, Timestamp, Vec<ReportedEvent>) -> $request = $read;
                let (computer_id, client_time, events) = read_batch(xml)?;
                Ok(made(computer_id, client_time, events))
            }

            fn write_result(writer: &mut XmlWriter, taken: &bool) -> Result<(), SoapError> {
                writer.raw(if *taken { "true" } else { "false" });
                Ok(())
            }

            fn read_result(xml: &mut XmlReader<'_>) -> Result<bool, SoapError> {
                truth(xml, $name)
            }
        }
    };
}

operation!(
    ReportEventBatch,
    ReportEventBatchRequest,
    "ReportEventBatch",
    |writer, _| write_dummy_cookie(writer),
    |_, client_time, events| ReportEventBatchRequest { client_time, events }
);
operation!(
    ReportEventBatch2,
    ReportEventBatch2Request,
    "ReportEventBatch2",
    |writer, request| Ok(writer.element("computerId", &request.computer_id)?),
    |computer_id, client_time, events| ReportEventBatch2Request {
        computer_id,
        client_time,
        events
    }
);

type Batch = (String, Timestamp, Vec<ReportedEvent>);

fn read_batch(xml: &mut XmlReader<'_>) -> Result<Batch, SoapError> {
    let (mut computer_id, mut client_time, mut events) = (String::new(), None, Vec::new());
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "computerId" => computer_id = bounded_text(xml, "computerId")?,
            "clientTime" => client_time = moment(xml, "clientTime")?,
            "eventBatch" => {
                let read = list(xml, "ReportingEvent", read_event);
                events = read.map_err(|it| it.of_parameter("eventBatch"))?;
            }
            _ => xml.skip()?,
        }
    }
    let client_time = client_time.ok_or(SoapError::Missing { element: "clientTime" })?;
    Ok((computer_id, client_time, events))
}

fn write_event(writer: &mut XmlWriter, event: &ReportedEvent) -> Result<(), SoapError> {
    writer.raw("<ReportingEvent><BasicData><TargetID>");
    writer.element("Sid", &event.computer_id)?;
    writer.close("TargetID");
    writer.value("SequenceNumber", 0);
    writer.element("TimeAtTarget", &moment_text(event.at))?;
    writer.value("EventInstanceID", event.instance);
    writer.value("NamespaceID", 1);
    writer.value("EventID", event.event_id);
    writer.value("SourceID", 0);
    writer.value("Win32HResult", 0);
    writer.close("BasicData");
    writer.open("PrivateData");
    writer.element("ComputerDnsName", &event.computer_name)?;
    writer.close("PrivateData");
    writer.close("ReportingEvent");
    Ok(())
}

fn read_event(xml: &mut XmlReader<'_>) -> Result<ReportedEvent, SoapError> {
    let mut event = ReportedEvent::default();
    while let Some(part) = xml.next_child()? {
        match part.local_name() {
            "BasicData" => read_basic_data(xml, &mut event)?,
            "PrivateData" => {
                while let Some(tag) = xml.next_child()? {
                    if tag.local_name() == "ComputerDnsName" {
                        event.computer_name = bounded_text(xml, "ComputerDnsName")?;
                    } else {
                        xml.skip()?;
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    Ok(event)
}

fn read_basic_data(xml: &mut XmlReader<'_>, event: &mut ReportedEvent) -> Result<(), SoapError> {
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "TargetID" => {
                while let Some(part) = xml.next_child()? {
                    if part.local_name() == "Sid" {
                        event.computer_id = bounded_text(xml, "Sid")?;
                    } else {
                        xml.skip()?;
                    }
                }
            }
            "TimeAtTarget" => event.at = moment(xml, "TimeAtTarget")?,
            "EventInstanceID" => event.instance = required_guid(xml, "EventInstanceID")?,
            "EventID" => event.event_id = whole(xml, "EventID")?,
            "SequenceNumber" => {
                number(xml, "SequenceNumber")?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(())
}
