//! Bytes to values and back: XML, SOAP, the server-server protocol, update documents, cabinets,
//! the export file, HTTP ranges. Pure: no I/O, no clock, nothing asynchronous.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod update_document;
pub mod xml;
