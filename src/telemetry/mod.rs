//! Logs: to standard error, chosen by `HEADWATER_LOG` (`info`, `headwater::role=debug`), as lines for
//! people or as lines of JSON for programs. What is logged can be changed while the program runs.

mod json_lines;
mod level;
mod logging;

pub use level::{LogLevel, LogLevelError, NotChanged, change_level, level, restore_level};
pub use logging::{LogFormat, is_json, log_message, start};
