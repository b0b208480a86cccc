//! Computers: worlds for the program, one after the other, on the same hardware.
//!
//! ```text
//!  Computer ── start(program) ──> Life: a World for that program, until the program ends or is killed
//!     |                            |  tasks, counted: each is dropped after the end, wherever it stood
//!     |                            |  steps, counted: the end may come after any of them
//!     └── Machine: its clock and disk, told whose step it is
//! ```

mod hardware;
mod life;
mod machine;
mod tests;

pub(crate) use hardware::Computer;
pub(crate) use machine::{Machine, Step};
