//! Whole worlds: how long something takes, what goes where, what comes of each fault.

mod bounds;
mod chains;
mod faults;
mod synchronizations;
mod windows;
