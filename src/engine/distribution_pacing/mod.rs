//! When and how fast a site server may send content to a standard distribution point: its open
//! hours and its rate limit.

mod budget;
mod hours;
#[cfg(test)]
mod tests;

pub use budget::{Grant, Moment, SendingBudget};
pub use hours::Opening;
