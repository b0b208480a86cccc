//! The two web services of an update point: `DssAuthWebService` and `ServerSyncWebService`
//! (protocol §1.1).

mod call;
mod http;
mod refusal;
mod sessions;

#[cfg(test)]
mod tests;

pub(super) use http::Service;
