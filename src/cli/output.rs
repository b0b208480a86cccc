//! The one place that prints: results to standard output, everything else to standard error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use crate::telemetry::{self, LogFormat};

/// How results are printed; commands that can do more have a choice of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// Prints results and messages. A reader who has seen enough and closes the pipe is no error.
pub struct Printer {
    color: ColorChoice,
    results: AutoStream<Box<dyn Write + Send>>,
    messages: AutoStream<Box<dyn Write + Send>>,
    coloured: [bool; 2],
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").field("color", &self.color).finish_non_exhaustive()
    }
}

impl Printer {
    /// Prints to standard output and standard error.
    pub fn new(color: Color, messages: LogFormat) -> Self {
        let wanted = ColorChoice::from(color);
        let choose = |detected: ColorChoice| match wanted {
            ColorChoice::Auto => detected,
            decided => decided,
        };
        let results = choose(AutoStream::choice(&io::stdout()));
        let messages = match messages {
            LogFormat::Text => choose(AutoStream::choice(&io::stderr())),
            LogFormat::Json => ColorChoice::Never,
        };
        let coloured = |choice| choice != ColorChoice::Never;
        Self {
            color: wanted,
            results: AutoStream::new(Box::new(io::stdout()), results),
            messages: AutoStream::new(Box::new(io::stderr()), messages),
            coloured: [coloured(results), coloured(messages)],
        }
    }

    /// Prints to somebody else, without colours.
    pub fn to(results: Box<dyn Write + Send>, messages: Box<dyn Write + Send>) -> Self {
        let plain = ColorChoice::Never;
        Self {
            color: plain,
            results: AutoStream::new(results, plain),
            messages: AutoStream::new(messages, plain),
            coloured: [false; 2],
        }
    }

    /// When colours are wanted, for whatever else draws on standard error.
    pub fn color(&self) -> ColorChoice {
        self.color
    }

    /// Whether results are coloured.
    pub fn results_coloured(&self) -> bool {
        self.coloured[0]
    }

    /// Whether messages are coloured.
    pub fn messages_coloured(&self) -> bool {
        self.coloured[1]
    }

    /// Prints a result, exactly as it is.
    pub fn result(&mut self, text: &str) -> io::Result<()> {
        written(self.results.write_all(text.as_bytes()).and_then(|()| self.results.flush()))
    }

    /// Prints a message, exactly as it is; as lines of JSON, where logs are.
    pub fn message(&mut self, text: &str) -> io::Result<()> {
        if telemetry::is_json() {
            telemetry::log_message(text);
            return Ok(());
        }
        written(self.messages.write_all(text.as_bytes()).and_then(|()| self.messages.flush()))
    }
}

fn written(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
