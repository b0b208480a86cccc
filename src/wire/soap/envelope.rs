//! Envelopes: everything around the one element that matters.

use super::{Fault, SoapError};
use crate::wire::xml::{Namespace, XmlReader, XmlWriter, decode_body};

/// Largest request a server reads, in bytes: a hundred identities or a few hundred categories take
/// some tens of kilobytes.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;

/// Largest response a client reads, in bytes: one response may hold several of the largest
/// documents known (47 million characters, protocol §0.4), escaped.
pub const MAX_RESPONSE_BYTES: usize = 256 << 20;

/// The version of an envelope; a request is answered in kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SoapVersion {
    /// SOAP 1.1, which all servers of this protocol speak to each other.
    #[default]
    V1_1,
    /// SOAP 1.2.
    V1_2,
}

impl SoapVersion {
    /// The value of `Content-Type` for messages of this version.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V1_1 => "text/xml; charset=utf-8",
            Self::V1_2 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The namespace of the envelope.
    pub const fn namespace(self) -> Namespace {
        match self {
            Self::V1_1 => Namespace::Soap11,
            Self::V1_2 => Namespace::Soap12,
        }
    }
}

/// An envelope opened as far as its first body element.
pub struct Envelope<'a> {
    version: SoapVersion,
    namespace: String,
    name: String,
    xml: XmlReader<'a>,
}

/// Opens the envelope of a message of at most `limit` bytes.
pub fn parse_request(body: &[u8], limit: usize) -> Result<Envelope<'_>, SoapError> {
    let mut xml = XmlReader::new(decode_body(body, limit)?, limit)?;
    let root = xml.root()?;
    let version = match (root.namespace(), root.local_name()) {
        (Namespace::Soap11, "Envelope") => SoapVersion::V1_1,
        (Namespace::Soap12, "Envelope") => SoapVersion::V1_2,
        _ => return Err(SoapError::NotAnEnvelope("the root is no SOAP 1.1 or 1.2 envelope")),
    };
    while let Some(part) = xml.next_child()? {
        if part.is(version.namespace(), "Body") {
            let element = xml.next_child()?;
            let element = element.ok_or(SoapError::NotAnEnvelope("the body is empty"))?;
            let namespace = xml.namespace_name(&element);
            let name = element.local_name().to_owned();
            return Ok(Envelope { version, namespace, name, xml });
        }
        xml.skip()?;
    }
    Err(SoapError::NotAnEnvelope("there is no body"))
}

impl<'a> Envelope<'a> {
    /// The version to answer in.
    pub fn version(&self) -> SoapVersion {
        self.version
    }

    /// The namespace name of the body's element.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name of the body's element.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the body's element is this one.
    pub fn holds(&self, namespace: Namespace, name: &str) -> bool {
        self.name == name && self.namespace == namespace.name()
    }

    /// Reads the body's element with `read` and checks that the rest is in order.
    pub fn read<T>(
        mut self,
        read: impl FnOnce(&mut XmlReader<'a>) -> Result<T, SoapError>,
    ) -> Result<T, SoapError> {
        let value = read(&mut self.xml)?;
        // The body, then the envelope: both must close.
        for _ in 0..2 {
            while self.xml.next_child()?.is_some() {
                self.xml.skip()?;
            }
        }
        self.xml.finish()?;
        Ok(value)
    }

    /// The fault in the body, if it holds one.
    pub(super) fn into_response(self) -> Result<Self, SoapError> {
        if self.holds(self.version.namespace(), "Fault") {
            let fault = self.read(Fault::read)?;
            return Err(SoapError::Fault(Box::new(fault)));
        }
        Ok(self)
    }
}

/// Writes everything in front of the body's element.
pub fn begin_envelope(writer: &mut XmlWriter, version: SoapVersion) {
    writer.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"");
    writer.raw(version.namespace().name());
    writer.raw("\"><soap:Body>");
}

/// Writes everything after the body's element.
pub fn end_envelope(writer: &mut XmlWriter) {
    writer.raw("</soap:Body></soap:Envelope>");
}
