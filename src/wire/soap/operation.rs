//! One call: how its request and response are put into envelopes and taken out again.

use super::{
    MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, SoapError, SoapVersion, begin_envelope, end_envelope,
    parse_request,
};
use crate::wire::xml::{Namespace, XmlReader, XmlWriter};

/// A call of the protocol. Implementations say what is between the tags; the provided methods make
/// and read whole messages.
pub trait Operation {
    /// What is asked.
    type Request;
    /// What is answered.
    type Response;

    /// Local name of the request's element.
    const NAME: &'static str;
    /// Namespace of all its elements.
    const NAMESPACE: Namespace;
    /// Value of the `SOAPAction` header, without its quotes.
    const ACTION: &'static str;
    /// Path of the service below the server's root.
    const PATH: &'static str;
    /// Whether the response has a result element; some are empty.
    const HAS_RESULT: bool = true;

    /// Writes the parameters.
    fn write_request(writer: &mut XmlWriter, request: &Self::Request) -> Result<(), SoapError>;
    /// Reads the parameters, up to the end of the request's element.
    fn read_request(xml: &mut XmlReader<'_>) -> Result<Self::Request, SoapError>;
    /// Writes what the result element holds.
    fn write_result(writer: &mut XmlWriter, response: &Self::Response) -> Result<(), SoapError>;
    /// Reads what the result element holds, up to its end.
    fn read_result(xml: &mut XmlReader<'_>) -> Result<Self::Response, SoapError>;

    /// About how long the response will be, in bytes.
    fn response_capacity(_response: &Self::Response) -> usize {
        4 << 10
    }

    /// A whole request, SOAP 1.1.
    fn encode_request(request: &Self::Request) -> Result<Vec<u8>, SoapError> {
        let mut writer = XmlWriter::with_capacity(4 << 10);
        begin_envelope(&mut writer, SoapVersion::V1_1);
        open_in_namespace(&mut writer, Self::NAME, "", Self::NAMESPACE);
        Self::write_request(&mut writer, request)?;
        writer.close(Self::NAME);
        end_envelope(&mut writer);
        Ok(writer.finish().into_bytes())
    }

    /// Reads a whole request.
    fn decode_request(body: &[u8]) -> Result<Self::Request, SoapError> {
        let envelope = parse_request(body, MAX_REQUEST_BYTES)?;
        if !envelope.holds(Self::NAMESPACE, Self::NAME) {
            return Err(unexpected(envelope.name(), Self::NAME));
        }
        envelope.read(Self::read_request)
    }

    /// A whole response.
    fn encode_response(
        version: SoapVersion,
        response: &Self::Response,
    ) -> Result<Vec<u8>, SoapError> {
        let mut writer = XmlWriter::with_capacity(Self::response_capacity(response));
        begin_response::<Self>(&mut writer, version);
        Self::write_result(&mut writer, response)?;
        end_response::<Self>(&mut writer);
        Ok(writer.finish().into_bytes())
    }

    /// Reads a whole response; a fault comes back as [`SoapError::Fault`].
    fn decode_response(body: &[u8]) -> Result<Self::Response, SoapError> {
        let envelope = parse_request(body, MAX_RESPONSE_BYTES)?.into_response()?;
        let expected = format!("{}Response", Self::NAME);
        if !envelope.holds(Self::NAMESPACE, &expected) {
            return Err(unexpected(envelope.name(), &expected));
        }
        envelope.read(|xml| {
            if !Self::HAS_RESULT {
                return Self::read_result(xml);
            }
            let mut result = None;
            while let Some(tag) = xml.next_child()? {
                let is_result = tag.namespace() == Self::NAMESPACE
                    && tag.local_name().strip_suffix("Result") == Some(Self::NAME);
                if is_result && result.is_none() {
                    result = Some(Self::read_result(xml)?);
                } else {
                    xml.skip()?;
                }
            }
            result.ok_or(SoapError::Missing { element: Self::NAME })
        })
    }
}

/// Writes everything in front of the result's content.
pub(in crate::wire) fn begin_response<O: Operation + ?Sized>(
    writer: &mut XmlWriter,
    version: SoapVersion,
) {
    begin_envelope(writer, version);
    open_in_namespace(writer, O::NAME, "Response", O::NAMESPACE);
    if O::HAS_RESULT {
        writer.raw("<");
        writer.raw(O::NAME);
        writer.raw("Result>");
    }
}

/// Writes everything after the result's content.
pub(in crate::wire) fn end_response<O: Operation + ?Sized>(writer: &mut XmlWriter) {
    if O::HAS_RESULT {
        writer.raw("</");
        writer.raw(O::NAME);
        writer.raw("Result>");
    }
    writer.raw("</");
    writer.raw(O::NAME);
    writer.raw("Response>");
    end_envelope(writer);
}

fn open_in_namespace(writer: &mut XmlWriter, name: &str, suffix: &str, namespace: Namespace) {
    writer.raw("<");
    writer.raw(name);
    writer.raw(suffix);
    writer.raw(" xmlns=\"");
    writer.raw(namespace.name());
    writer.raw("\">");
}

fn unexpected(found: &str, expected: &str) -> SoapError {
    let found = found.chars().take(80).collect();
    SoapError::UnexpectedBody { found, expected: expected.to_owned() }
}
