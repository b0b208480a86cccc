//! Reading the faults of other servers: both versions, any prefix, any order.

use uuid::Uuid;

use super::{ErrorCode, Fault, SoapError};
use crate::wire::xml::XmlReader;

/// Longest text of a fault that is kept, in characters: the publisher's service lists up to a
/// hundred revisions in one.
const MAX_TEXT: usize = 16 << 10;

impl Fault {
    /// Reads what the `Fault` element holds, up to its end.
    pub(super) fn read(xml: &mut XmlReader<'_>) -> Result<Self, SoapError> {
        let mut fault = Self::new(ErrorCode::Absent, "", Uuid::nil(), "");
        fault.reason.clear();
        while let Some(part) = xml.next_child()? {
            match part.local_name() {
                "faultstring" => fault.reason = kept(&xml.text()?),
                "Reason" => {
                    while let Some(text) = xml.next_child()? {
                        if text.local_name() == "Text" && fault.reason.is_empty() {
                            fault.reason = kept(&xml.text()?);
                        } else {
                            xml.skip()?;
                        }
                    }
                }
                "detail" | "Detail" => fault.read_detail(xml)?,
                _ => xml.skip()?,
            }
        }
        Ok(fault)
    }

    fn read_detail(&mut self, xml: &mut XmlReader<'_>) -> Result<(), SoapError> {
        while let Some(part) = xml.next_child()? {
            match part.local_name() {
                "ErrorCode" => self.code = ErrorCode::from_name(kept(&xml.text()?).trim()),
                "Message" => self.message = kept(&xml.text()?),
                "ID" => self.id = Uuid::try_parse(xml.text()?.trim()).unwrap_or_default(),
                "Method" => {
                    let method = kept(&xml.text()?);
                    method.trim().trim_matches('"').clone_into(&mut self.method);
                }
                _ => xml.skip()?,
            }
        }
        Ok(())
    }
}

fn kept(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
