//! Bytes to values and back: XML, SOAP, the server-server protocol, update documents, cabinets,
//! the export file, HTTP ranges, the admin protocol. Pure: no I/O, no clock, nothing asynchronous.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod agent;
mod agent_word;
pub mod anchor;
pub mod bundle;
pub mod byte_ranges;
pub mod cabinet;
pub mod client_policy;
pub mod content_encoding;
pub mod content_identity;
pub mod content_path;
pub mod cookie;
pub mod date_time;
pub mod dss_auth;
pub mod exchange;
pub mod export_file;
pub mod file_list;
pub mod host;
pub mod joining;
pub mod mail;
pub mod monitoring;
pub mod offline_catalog;
pub mod package_files;
pub mod patches;
pub mod pieces;
pub mod range;
pub mod reporting;
pub mod sealed;
pub mod server_sync;
pub mod soap;
pub mod trace_parent;
pub mod update_content;
pub mod update_document;
pub mod updates;
pub mod updates_file;
pub mod xml;
pub mod xpress;
