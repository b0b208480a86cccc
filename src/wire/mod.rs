//! Bytes to values and back: XML, SOAP, the server-server protocol, update documents, cabinets,
//! the export file, HTTP ranges, the admin protocol. Pure: no I/O, no clock, nothing asynchronous.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod agent;
pub mod content_path;
pub mod file_list;
