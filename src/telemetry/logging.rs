//! Begins to log.

use std::{io, sync::OnceLock};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Registry, filter::filter_fn, fmt::format::JsonFields, layer::SubscriberExt, reload,
    util::SubscriberInitExt,
};

use super::{json_lines::JsonLines, level};

/// How what is not a result is written to standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object on each line: time, level, message, fields, and `trace_id` where there is one.
    Json,
}

/// What was chosen at the start.
static CHOSEN: OnceLock<LogFormat> = OnceLock::new();

/// What messages for people come from where they are lines of JSON too: whatever else is logged, they are.
const MESSAGES: &str = "headwater::message";

/// The directive for that.
const MESSAGES_TOO: &str = "headwater::message=info";

/// Starts logging. Without `HEADWATER_LOG` only warnings and errors are logged: what people want to
/// see is printed, not logged.
pub fn start(coloured: bool, format: LogFormat) {
    // A second start, in tests, keeps the first one's settings.
    let _ = CHOSEN.set(format);
    let filter =
        EnvFilter::try_from_env("HEADWATER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let at_start = filter.to_string();
    let (filter, handle) = reload::Layer::<_, Registry>::new(with_messages(filter, format));
    let logs = tracing_subscriber::registry().with(filter).with(filter_fn(tells_no_secrets));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => logs.with(lines.with_ansi(coloured).with_target(false)).try_init(),
        LogFormat::Json => {
            let lines = lines.with_ansi(false).fmt_fields(JsonFields::new());
            logs.with(lines.event_format(JsonLines)).try_init()
        }
    };
    if started.is_ok() {
        level::started(at_start, move |filter| {
            handle.reload(with_messages(filter, format)).is_ok()
        });
    }
}

/// A filter that lets messages pass, where they are lines of JSON.
fn with_messages(filter: EnvFilter, format: LogFormat) -> EnvFilter {
    // Nobody can write this directive wrong: a test reads it.
    match MESSAGES_TOO.parse() {
        Ok(messages) if format == LogFormat::Json => filter.add_directive(messages),
        _ => filter,
    }
}

/// Whether a line of this kind may be logged, whoever wants it. At the level `trace` the libraries below
/// write what goes over connections, and the client of Kubernetes writes whole answers that it does not
/// understand, at any level: there may be tokens and keys in both. It returns the same as an error.
fn tells_no_secrets(of: &Metadata<'_>) -> bool {
    let ours = of.target().split("::").next() == Some("headwater");
    ours || (*of.level() != Level::TRACE && of.target() != "kube_client::client")
}

/// Whether everything on standard error is lines of JSON.
pub fn is_json() -> bool {
    CHOSEN.get() == Some(&LogFormat::Json)
}

/// Writes a message for people as lines of JSON, one for each of its lines.
pub fn log_message(text: &str) {
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        tracing::info!(target: MESSAGES, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_logged_whatever_else_is() {
        let directive: tracing_subscriber::filter::Directive = MESSAGES_TOO.parse().unwrap();
        assert_eq!(directive.to_string(), format!("{MESSAGES}=info"));
    }
}
