//! Logs: to standard error, chosen by `HEADWATER_LOG` (`info`, `headwater::role=debug`).

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging. Without `HEADWATER_LOG` only warnings and errors are logged: what people want to
/// see is printed, not logged.
pub fn start(coloured: bool) {
    let filter =
        EnvFilter::try_from_env("HEADWATER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second start, in tests, keeps the first one's settings.
    let _ = fmt()
        .with_env_filter(filter)
        .with_ansi(coloured)
        .with_target(false)
        .with_writer(std::io::stderr)
        .try_init();
}
