//! How far some work of an agent is: a bar on a terminal, now and then a line in a pipe; on standard error.

use std::{
    io::{self, IsTerminal},
    time::Instant,
};

use indicatif::ProgressBar;

use super::progress::{BYTES, LINES_EVERY, UPDATES, say, style};
use crate::{
    telemetry,
    view::{bytes_line, plain, updates_line},
    wire::agent::{AgentEvent, Progress, ProgressUnit},
};

/// Some work, while it goes on.
pub(in crate::cli) struct Working {
    what: String,
    begun: Instant,
    told: Instant,
    /// On a terminal.
    bar: Option<ProgressBar>,
}

impl Working {
    /// Work of this name begins.
    pub(in crate::cli) fn on(what: String) -> Self {
        let now = Instant::now();
        let drawn = io::stderr().is_terminal() && !telemetry::is_json();
        let bar = drawn.then(|| {
            let bar = ProgressBar::new(0);
            bar.set_style(style(BYTES));
            bar.set_message(what.clone());
            bar
        });
        Self { what, begun: now, told: now, bar }
    }

    /// Shows what an agent says.
    pub(in crate::cli) fn show(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::Progress(progress) => self.so_far(*progress),
            AgentEvent::Waiting { until, why } => {
                let line = format!("{}: {}; until {until}", self.what, plain(why));
                match &self.bar {
                    Some(bar) => bar.println(line),
                    None => say(&line),
                }
            }
            AgentEvent::Done(_) | AgentEvent::Failed(_) => {}
        }
    }

    fn so_far(&mut self, Progress { done, total, unit }: Progress) {
        if let Some(bar) = &self.bar {
            if bar.length() != Some(total) {
                bar.set_length(total);
                bar.set_style(style(match unit {
                    ProgressUnit::Updates => UPDATES,
                    ProgressUnit::Bytes => BYTES,
                }));
            }
            bar.set_position(done);
        } else if self.told.elapsed() >= LINES_EVERY {
            self.told = Instant::now();
            let milliseconds = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let line = match unit {
                ProgressUnit::Updates => updates_line(done, total, milliseconds),
                ProgressUnit::Bytes => bytes_line(done, total, milliseconds),
            };
            say(&format!("{}: {line}", self.what));
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A bar on a terminal, and nothing elsewhere.
pub(super) fn bar(bytes: u64) -> ProgressBar {
    ProgressBar::new(bytes).with_style(style("{bytes} of {total_bytes}  {bytes_per_sec}"))
}
