//! `--undo`: the file with the way back.

use std::path::Path;

use super::{ExitCode, Failure, Printer, apply};
use crate::{
    plan::Plan,
    role::controller::{ControllerError, UndoError},
    view::way_back_text,
};

/// The way back cannot be kept: nothing was done.
pub(super) fn failure(error: UndoError) -> Failure {
    let code = match error {
        UndoError::Exists(_) | UndoError::NoDirectory { .. } | UndoError::Write { .. } => {
            ExitCode::Usage
        }
        UndoError::Unresolved(_) => ExitCode::Failure,
    };
    Failure::new(code, error)
}

/// Something failed. What was done until then has a way back, if one was asked for.
pub(super) fn after_failure(
    error: ControllerError,
    undo: Option<&Path>,
    printer: &mut Printer,
) -> Failure {
    if let Some(file) = undo.filter(|file| file.exists()) {
        let told = format!("the way back from what was done is in {}\n", file.display());
        // The failure is told in any case.
        let _ = printer.message(&told);
    }
    apply::failure(error)
}

/// Tells of the way back.
pub(super) fn tell(
    way_back: Option<&Plan>,
    file: Option<&Path>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    if let (Some(plan), Some(file)) = (way_back, file) {
        printer.message(&way_back_text(plan, &file.display().to_string()))?;
    }
    Ok(())
}
