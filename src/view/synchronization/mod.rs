//! How synchronizations stand.

mod report;
#[cfg(test)]
mod tests;
mod text;

pub use report::{
    SynchronizationPhase, SynchronizationReport, SynchronizationStatus, synchronization_json,
    synchronization_line_json, synchronization_schema,
};
pub use text::{synchronization_line, synchronization_text};
