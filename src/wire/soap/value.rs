//! Reading simple values: absent, empty and nil are the same; white space around does not count.

use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use uuid::Uuid;

use super::SoapError;
use crate::wire::{
    date_time,
    xml::{ForbiddenCharacter, XmlReader, XmlWriter, check_characters},
};

/// What stands for a time that has not come yet: the first day of SQL Server.
const NEVER_YET: &str = "1753-01-01T00:00:00";

/// What stands for a time that never comes.
const NEVER: &str = "9999-12-31T23:59:59.9999999";

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
    whole(xml, element)
}

/// A whole number of any width; empty is zero.
pub(in crate::wire) fn whole<T: FromStr + Default>(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<T, SoapError> {
    let text = xml.text()?;
    match text.trim() {
        "" => Ok(T::default()),
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

/// A date and time. Empty, and all that lies before the year 1754, is none: such times stand for
/// what has not happened yet.
pub(in crate::wire) fn moment(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<Option<Timestamp>, SoapError> {
    moment_of(&xml.text()?, element)
}

/// The same, of a text.
pub(in crate::wire) fn moment_of(
    text: &str,
    element: &'static str,
) -> Result<Option<Timestamp>, SoapError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let at = date_time::parse(text).map_err(|_| SoapError::invalid(element, text))?;
    Ok(has_come(at).then_some(at))
}

/// A date and time that may never come, and then is none.
pub(in crate::wire) fn deadline(
    xml: &mut XmlReader<'_>,
    element: &'static str,
) -> Result<Option<Timestamp>, SoapError> {
    Ok(moment(xml, element)?.filter(|at| *at < Timestamp::MAX))
}

fn has_come(at: Timestamp) -> bool {
    // The first second of 1754: whatever the zone, the times that stand for none lie before it.
    at.as_second() >= -6_816_268_800
}

/// How a date and time is written; none is one that has not come yet.
pub(in crate::wire) fn moment_text(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER_YET.to_owned(), date_time::format)
}

/// Writes a date and time; none is one that never comes.
pub(in crate::wire) fn write_deadline(
    writer: &mut XmlWriter,
    name: &str,
    at: Option<Timestamp>,
) -> Result<(), ForbiddenCharacter> {
    let text = at.map(date_time::format);
    writer.element(name, text.as_deref().unwrap_or(NEVER))
}

/// The items of a list, up to the end of the element that is open now; whatever else is in it is
/// passed over, and so are items that are nil.
pub(in crate::wire) fn list<T>(
    xml: &mut XmlReader<'_>,
    item: &str,
    mut read: impl FnMut(&mut XmlReader<'_>) -> Result<T, SoapError>,
) -> Result<Vec<T>, SoapError> {
    let mut items = Vec::new();
    while let Some(tag) = xml.next_child()? {
        if tag.local_name() == item && !tag.is_nil()? {
            items.push(read(xml)?);
        } else {
            xml.skip()?;
        }
    }
    Ok(items)
}
