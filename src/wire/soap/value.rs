//! Reading simple values: absent, empty and nil are the same; white space around does not count.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use super::SoapError;
use crate::wire::xml::{XmlReader, check_characters};

/// Longest text of a field that is not a document: names, versions, anchors, addresses.
const MAX_FIELD_BYTES: usize = 8 << 10;

/// The text of a field; error when it is unreasonably long, or could not be sent on.
pub(in crate::wire) fn bounded_text(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<String, SoapError> {
    let text = xml.text()?;
    if text.len() > MAX_FIELD_BYTES || check_characters(&text).is_err() {
        return Err(SoapError::invalid(element, &text));
    }
    Ok(text.into_owned())
}

/// The text of a field, or nothing where it is empty.
pub(in crate::wire) fn optional_text(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<Option<String>, SoapError> {
    Ok(Some(bounded_text(xml, element)?).filter(|text| !text.is_empty()))
}

/// Bytes in base64; white space anywhere in it does not count.
pub(in crate::wire) fn optional_bytes(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<Option<Vec<u8>>, SoapError> {
    let text = xml.text()?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    let decoded = if trimmed.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let dense: String = trimmed.split_ascii_whitespace().collect();
        STANDARD.decode(dense)
    } else {
        STANDARD.decode(trimmed)
    };
    decoded.map(Some).map_err(|_| SoapError::invalid(element, trimmed))
}

/// A whole number; empty is zero.
pub(in crate::wire) fn number(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<i32, SoapError> {
    let text = xml.text()?;
    match text.trim() {
        "" => Ok(0),
        digits => digits.parse().map_err(|_| SoapError::invalid(element, digits)),
    }
}

/// A truth value; empty is false.
pub(in crate::wire) fn truth(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<bool, SoapError> {
    let text = xml.text()?;
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        other => Err(SoapError::invalid(element, other)),
    }
}

/// An identifier, either case.
pub(in crate::wire) fn required_guid(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<Uuid, SoapError> {
    let text = xml.text()?;
    Uuid::try_parse(text.trim()).map_err(|_| SoapError::invalid(element, &text))
}
