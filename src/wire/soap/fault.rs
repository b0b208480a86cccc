//! Faults: how a server says that it cannot (protocol §1.8).

use std::fmt;

use uuid::Uuid;

use super::{ErrorCode, SoapError, SoapVersion, begin_envelope, end_envelope};
use crate::{model::UpdateIdentity, wire::xml::XmlWriter};

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `ErrorCode`: what a program acts on.
    pub code: ErrorCode,
    /// `Message`: for invalid parameters, the parameter's name; else free text, often empty.
    pub message: String,
    /// `ID`: finds the fault in the server's log. All zeros where the server sent none.
    pub id: Uuid,
    /// `Method`: the SOAP action of the failed call, without quotes.
    pub method: String,
    /// `faultstring`: what SOAP itself wants to say; real servers write `Fault occurred`.
    pub reason: String,
}

impl Fault {
    /// A fault of ours.
    pub fn new(
        code: ErrorCode,
        message: impl Into<String>,
        id: Uuid,
        method: impl Into<String>,
    ) -> Self {
        let reason = "Fault occurred".to_owned();
        Self { code, message: message.into(), id, method: method.into(), reason }
    }

    /// The fault that answers a request which could not be read. What was wrong in detail stays in
    /// the server's log: the message names the parameter, or nothing.
    pub fn for_unreadable(error: &SoapError, id: Uuid, method: &str) -> Self {
        let (code, message) = match error {
            SoapError::Missing { element } | SoapError::Invalid { element, .. } => {
                (ErrorCode::InvalidParameters, *element)
            }
            _ => (ErrorCode::Absent, ""),
        };
        let mut fault = Self::new(code, message, id, method);
        if fault.code == ErrorCode::Absent {
            "Server was unable to read the request".clone_into(&mut fault.reason);
        }
        fault
    }

    /// The fault that answers a call this server does not have.
    pub fn for_unknown_operation(name: &str, id: Uuid) -> Self {
        let mut fault = Self::new(ErrorCode::Absent, "", id, "");
        let name: String = name.chars().take(80).collect();
        fault.reason = format!("Server does not offer the operation {name}");
        fault
    }

    /// The HTTP status that carries it.
    pub const fn http_status(&self) -> u16 {
        500
    }

    /// The revisions that the publisher's service says it cannot deliver (protocol §1.7); empty for
    /// any other fault.
    pub fn missing_revisions(&self) -> Vec<UpdateIdentity> {
        let Some((_, list)) = self.message.split_once("Missing Revisions:") else {
            return Vec::new();
        };
        list.split(',')
            .filter_map(|item| {
                let (update_id, revision) = item.trim().rsplit_once('.')?;
                Some(UpdateIdentity {
                    update_id: Uuid::try_parse(update_id).ok()?,
                    revision: revision.parse().ok()?,
                })
            })
            .collect()
    }

    /// The whole message, in the version of the request. Characters that XML cannot carry become
    /// U+FFFD: a fault must always get through.
    pub fn encode(&self, version: SoapVersion) -> Vec<u8> {
        let mut writer = XmlWriter::with_capacity(1 << 10);
        begin_envelope(&mut writer, version);
        writer.raw("<soap:Fault>");
        let of_server = self.code.is_of_the_server();
        match version {
            SoapVersion::V1_1 => {
                writer.raw("<faultcode>soap:");
                writer.raw(if of_server { "Server" } else { "Client" });
                writer.raw("</faultcode>");
                lossy(&mut writer, "faultstring", &self.reason);
                self.detail(&mut writer, "detail");
            }
            SoapVersion::V1_2 => {
                writer.raw("<soap:Code><soap:Value>soap:");
                writer.raw(if of_server { "Receiver" } else { "Sender" });
                writer.raw("</soap:Value></soap:Code><soap:Reason>");
                writer.raw("<soap:Text xml:lang=\"en\">");
                lossy_text(&mut writer, &self.reason);
                writer.raw("</soap:Text></soap:Reason>");
                self.detail(&mut writer, "soap:Detail");
                self.detail(&mut writer, "Detail");
            }
        }
        writer.raw("</soap:Fault>");
        end_envelope(&mut writer);
        writer.finish().into_bytes()
    }

    fn detail(&self, writer: &mut XmlWriter, name: &str) {
        if self.code == ErrorCode::Absent {
            writer.empty(name);
            return;
        }
        writer.open(name);
        lossy(writer, "ErrorCode", self.code.as_str());
        lossy(writer, "Message", &self.message);
        writer.value("ID", self.id);
        lossy(writer, "Method", &format!("\"{}\"", self.method));
        writer.close(name);
    }
}

fn lossy(writer: &mut XmlWriter, name: &str, text: &str) {
    writer.open(name);
    lossy_text(writer, text);
    writer.close(name);
}

fn lossy_text(writer: &mut XmlWriter, text: &str) {
    let clean: String = text
        .chars()
        .map(|it| if crate::wire::xml::is_allowed(it) { it } else { '\u{FFFD}' })
        .collect();
    // Nothing forbidden is left, so this cannot fail.
    let _ = writer.text(&clean);
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.message.is_empty() {
            write!(f, " `{}`", self.message)?;
        }
        if self.code == ErrorCode::Absent && !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        write!(f, " (fault {})", self.id)
    }
}

impl std::error::Error for Fault {}
