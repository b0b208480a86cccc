//! Lists that several calls have: identifiers, digests.

use uuid::Uuid;

use crate::wire::{
    soap::{SoapError, list, optional_bytes, required_guid},
    xml::{XmlReader, XmlWriter},
};

/// Writes a list of identifiers (`ArrayOfGuid`), whose items have a name in lower case.
pub(in crate::wire) fn write_guids(writer: &mut XmlWriter, name: &str, guids: &[Uuid]) {
    writer.open(name);
    for guid in guids {
        writer.value("guid", guid);
    }
    writer.close(name);
}

/// Reads the identifiers in the element that is open now.
pub(in crate::wire) fn read_guids(
    xml: &mut XmlReader<'_>,
    parameter: &'static str,
) -> Result<Vec<Uuid>, SoapError> {
    list(xml, "guid", |xml| required_guid(xml, parameter))
}

/// Writes a list of digests (`ArrayOfBase64Binary`).
pub(super) fn write_digests(writer: &mut XmlWriter, name: &str, digests: &[Vec<u8>]) {
    writer.open(name);
    for digest in digests {
        writer.base64("base64Binary", digest);
    }
    writer.close(name);
}

/// Reads the digests in the element that is open now.
pub(super) fn read_digests(
    xml: &mut XmlReader<'_>,
    parameter: &'static str,
) -> Result<Vec<Vec<u8>>, SoapError> {
    let digests =
        list(xml, "base64Binary", |xml| Ok(optional_bytes(xml, parameter)?.unwrap_or_default()))?;
    Ok(digests.into_iter().filter(|it| !it.is_empty()).collect())
}
