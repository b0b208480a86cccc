//! What is logged, and how that is changed while the program runs.

use std::{
    fmt,
    str::FromStr,
    sync::{Mutex, OnceLock, PoisonError},
};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// The longest text that is read.
pub(super) const LONGEST: usize = 1_024;

/// What is logged: levels, also of single modules, such as `info` or `headwater::operator=debug,warn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

/// A text does not say what is logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogLevelError {
    /// There is nothing, or far too much.
    #[error(
        "say what is logged in at most {LONGEST} bytes, such as `info` or `headwater::operator=debug,info`"
    )]
    Length,
    /// One of its parts.
    #[error(
        "`{0}` is not understood: write a level (off, error, warn, info, debug, trace), or MODULE=LEVEL, such \
         as headwater::operator=debug"
    )]
    Part(String),
}

/// What is logged cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what this program logs cannot be changed")]
pub struct NotChanged;

impl FromStr for LogLevel {
    type Err = LogLevelError;

    /// Stricter than the variable at the start, in which `debg` is the name of a module, and silences all
    /// others.
    fn from_str(text: &str) -> Result<Self, LogLevelError> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST {
            return Err(LogLevelError::Length);
        }
        for part in text.split(',') {
            let (module, level) = part.split_once('=').unwrap_or(("headwater", part));
            let named = !module.is_empty()
                && module.bytes().all(|it| it.is_ascii_alphanumeric() || b"_:".contains(&it));
            if !named || level.is_empty() || level.parse::<LevelFilter>().is_err() {
                // It may be anything at all.
                let part = part.chars().take(40).filter(|it| !it.is_control()).collect();
                return Err(LogLevelError::Part(part));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is logged by this process.
struct Logged {
    at_start: String,
    now: Mutex<String>,
    change: Box<dyn Fn(EnvFilter) -> bool + Send + Sync>,
}

static LOGGED: OnceLock<Logged> = OnceLock::new();

/// Logging has begun like this, and is changed in this way.
pub(super) fn started(
    at_start: String,
    change: impl Fn(EnvFilter) -> bool + Send + Sync + 'static,
) {
    let now = Mutex::new(at_start.clone());
    // There is one start in a process: a second one has not begun anything.
    let _ = LOGGED.set(Logged { at_start, now, change: Box::new(change) });
}

/// What is logged now; none where nothing can be.
pub fn level() -> Option<String> {
    let logged = LOGGED.get()?;
    Some(logged.now.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// Logs this from now on.
///
/// # Errors
///
/// It cannot be changed here.
pub fn change_level(level: &LogLevel) -> Result<(), NotChanged> {
    changed(|_| level.0.clone())
}

/// Logs again what was logged at the start.
///
/// # Errors
///
/// It cannot be changed here.
pub fn restore_level() -> Result<(), NotChanged> {
    changed(|logged| logged.at_start.clone())
}

fn changed(to: impl FnOnce(&Logged) -> String) -> Result<(), NotChanged> {
    let logged = LOGGED.get().ok_or(NotChanged)?;
    let wanted = to(logged);
    let filter = EnvFilter::try_new(&wanted).map_err(|_| NotChanged)?;
    let mut now = logged.now.lock().unwrap_or_else(PoisonError::into_inner);
    if !(logged.change)(filter) {
        return Err(NotChanged);
    }
    *now = wanted;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_level_is_refused_and_not_taken_for_a_module() {
        for good in ["info", "headwater::operator=debug,warn", " off\n", "TRACE", "h2=error,info"] {
            let level: LogLevel = good.parse().unwrap();
            assert_eq!(level.to_string(), good.trim());
            assert!(EnvFilter::try_new(good.trim()).is_ok(), "{good}");
        }
        let long = "info,".repeat(LONGEST);
        assert_eq!(long.parse::<LogLevel>(), Err(LogLevelError::Length));
        assert_eq!(" ".parse::<LogLevel>(), Err(LogLevelError::Length));
        for bad in
            ["debg", "info,", "headwater=", "=info", "[span{a=b}]=debug", "a b=info", "a=b=c"]
        {
            let refused = bad.parse::<LogLevel>().unwrap_err();
            assert!(matches!(refused, LogLevelError::Part(_)), "{bad}: {refused}");
        }
    }
}
