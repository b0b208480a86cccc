//! How many transfers a pull distribution point takes at once.

/// A pull distribution point has no more unfinished transfers than this; it refuses the next one,
/// and the site notifies it again later (PDP-14, message 8211).
pub const CAPACITY: usize = 50;

/// Whether a pull distribution point with so many unfinished transfers takes one more.
pub const fn has_room(unfinished: usize) -> bool {
    unfinished < CAPACITY
}
