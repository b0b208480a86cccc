//! The web services of an update point: `DssAuthWebService`, `ServerSyncWebService` and
//! `ReportingWebService` (protocol §1.1).

mod call;
mod channel;
mod content;
mod downstream_servers;
mod hosting;
mod http;
mod listing;
mod packed;
mod refusal;
mod reporting_calls;
mod sessions;
mod sync_calls;

#[cfg(test)]
mod tests;

pub(in crate::role) use content::answer as answer_content;
pub(super) use hosting::Hosting;
pub(super) use http::Service;
