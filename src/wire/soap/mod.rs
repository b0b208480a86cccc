//! SOAP 1.1 and 1.2 envelopes, document/literal, and the faults of this protocol family
//! (protocol §1.5 and §1.8).

mod envelope;
mod error;
mod error_code;
mod fault;
mod fault_parse;
mod operation;
mod requests;
mod value;

#[cfg(test)]
mod tests;

pub use envelope::{
    Envelope, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, SoapVersion, begin_envelope, end_envelope,
    parse_request,
};
pub use error::SoapError;
pub use error_code::{ErrorCode, Reaction};
pub use fault::Fault;
pub use operation::Operation;
pub(in crate::wire) use operation::{begin_response, end_response};
pub(in crate::wire) use requests::{read_request, requests};
pub(in crate::wire) use value::{
    bounded_text, deadline, list, moment, moment_of, moment_text, number, optional_bytes,
    optional_text, required_guid, truth, whole, write_deadline,
};
