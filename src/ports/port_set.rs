//! Sets of ports, as firewalls take them: ranges in order, none of which touch.

use std::fmt;

use serde::Serialize;

use crate::model::Port;

/// The ports at which RPC and other services of Windows answer once the endpoint mapper has named
/// one: the default range since Windows Vista and Windows Server 2008.
pub const DYNAMIC: PortRange = PortRange { first: 49152, last: 65535 };

/// Ports that follow each other; most ranges have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PortRange {
    /// The first port.
    pub first: u16,
    /// The last port, which belongs to it.
    pub last: u16,
}

impl PortRange {
    /// A single port.
    pub const fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// A range as people write it, such as `64001-65000` or `8530`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last })
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            self.first.fmt(f)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// A set of ports: ranges in ascending order that neither overlap nor touch, so that equal sets are
/// written alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PortSet(Vec<PortRange>);

impl PortSet {
    /// The set of these ports.
    pub fn of(ranges: impl IntoIterator<Item = PortRange>) -> Self {
        let mut set = Self::default();
        for range in ranges {
            set.insert(range);
        }
        set
    }

    /// Adds ports.
    pub fn insert(&mut self, range: PortRange) {
        self.0.push(range);
        self.0.sort_unstable();
        let mut merged: Vec<PortRange> = Vec::with_capacity(self.0.len());
        for range in self.0.drain(..) {
            match merged.last_mut() {
                // Beside each other is as good as overlapping.
                Some(last) if range.first <= last.last.saturating_add(1) => {
                    last.last = last.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        self.0 = merged;
    }

    /// Adds all ports of another set.
    pub fn extend(&mut self, other: &Self) {
        for range in &other.0 {
            self.insert(*range);
        }
    }

    /// The ports that are not in another set.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = self.0.clone();
        for hole in &other.0 {
            left = left.into_iter().flat_map(|range| outside(range, *hole)).flatten().collect();
        }
        Self(left)
    }

    /// The ranges in ascending order.
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }
}

/// What is left of a range below and above a hole.
fn outside(range: PortRange, hole: PortRange) -> [Option<PortRange>; 2] {
    let below = PortRange { last: range.last.min(hole.first.saturating_sub(1)), ..range };
    let above = PortRange { first: range.first.max(hole.last.saturating_add(1)), ..range };
    // A hole that begins at 0 or ends at 65535 leaves nothing on that side.
    [
        (hole.first > 0 && below.first <= below.last).then_some(below),
        (hole.last < u16::MAX && above.first <= above.last).then_some(above),
    ]
}

impl From<Port> for PortSet {
    fn from(port: Port) -> Self {
        Self(vec![PortRange::one(port.get())])
    }
}

impl From<u16> for PortSet {
    fn from(port: u16) -> Self {
        Self(vec![PortRange::one(port)])
    }
}

impl From<PortRange> for PortSet {
    fn from(range: PortRange) -> Self {
        Self(vec![range])
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            range.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_beside_each_other_become_one_range() {
        let set = PortSet::of([8531, 80, 8530, 443, 8530].map(PortRange::one));
        assert_eq!(set.to_string(), "80, 443, 8530-8531");
        let mut all = PortSet::of([DYNAMIC]);
        all.insert(PortRange { first: 50000, last: 50001 });
        all.insert(PortRange::one(49151));
        assert_eq!(all.to_string(), "49151-65535");
    }

    #[test]
    fn a_hole_leaves_what_is_around_it() {
        let set = PortSet::of([PortRange { first: 10, last: 20 }, PortRange::one(80), DYNAMIC]);
        let without = |first, last| set.without(&PortRange { first, last }.into()).to_string();
        assert_eq!(without(12, 13), "10-11, 14-20, 80, 49152-65535");
        assert_eq!(without(1, 10), "11-20, 80, 49152-65535");
        assert_eq!(without(20, 80), "10-19, 49152-65535");
        assert_eq!(without(50000, 65535), "10-20, 80, 49152-49999");
        assert_eq!(without(0, 65535), "");
        assert_eq!(without(30, 31), set.to_string());
    }

    #[test]
    fn written_ranges_are_read_or_refused() {
        assert_eq!(
            PortRange::read("64001-65000").map(|it| it.to_string()).as_deref(),
            Some("64001-65000")
        );
        assert_eq!(PortRange::read("8530"), Some(PortRange::one(8530)));
        for wrong in ["", "0", "65536", "9-8", "a-b", "1-2-3", "-5"] {
            assert_eq!(PortRange::read(wrong), None, "{wrong}");
        }
    }
}
