//! How a command ends.

/// The exit codes that are documented for each command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: done. `validate`: valid. `plan --detailed-exitcode`: no changes. `apply`, `up --once`:
    /// converged.
    Success,
    /// 1: not done. `validate`: invalid.
    Failure,
    /// 2: the command line is wrong, or a manifest cannot be read.
    Usage,
    /// 2: `plan --detailed-exitcode`: there are changes.
    Changes,
    /// 3: `apply`: refused, because the plan is stale, a removal was not confirmed, no maintenance window
    /// is open for a saved plan, or nothing at all is declared.
    Refused,
}

impl ExitCode {
    /// The number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage | Self::Changes => 2,
            Self::Refused => 3,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

/// Why a command could not do what it was asked to, and the code it ends with.
#[derive(Debug, thiserror::Error)]
#[error("{error:#}")]
pub struct Failure {
    /// The exit code.
    pub code: ExitCode,
    /// The reason, for people.
    pub error: anyhow::Error,
}

impl Failure {
    /// A failure with an exit code of its own.
    pub fn new(code: ExitCode, error: impl Into<anyhow::Error>) -> Self {
        Self { code, error: error.into() }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { code: ExitCode::Failure, error }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { code: ExitCode::Failure, error: error.into() }
    }
}

/// An error of an operation: exit code 1.
pub(super) fn operation(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(ExitCode::Failure, error)
}
