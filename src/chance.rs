//! The one place where chance is asked. The core takes what it says as an argument.

use uuid::Uuid;

/// A random number from 0 to 1.
pub fn dice() -> f64 {
    f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}
