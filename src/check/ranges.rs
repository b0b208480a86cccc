//! Ranges as people write them: `239.0.0.1-239.0.0.254`, `64001-65000`.

use std::{net::Ipv4Addr, str::FromStr};

/// Whether a text is a range of multicast addresses.
pub(super) fn multicast_addresses(text: &str) -> bool {
    range::<Ipv4Addr>(text)
        .is_some_and(|(first, last)| first.is_multicast() && last.is_multicast() && first <= last)
}

/// Whether a text is a range of UDP ports.
pub(super) fn ports(text: &str) -> bool {
    range::<u16>(text).is_some_and(|(first, last)| 0 < first && first <= last)
}

/// The longest text of a range: twice the longest address, with spaces.
const LONGEST: usize = 64;

fn range<T: FromStr>(text: &str) -> Option<(T, T)> {
    if text.len() > LONGEST {
        return None;
    }
    let (first, last) = text.split_once('-')?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lead_from_the_first_to_the_last() {
        assert!(multicast_addresses("239.0.0.1-239.0.0.254"));
        assert!(multicast_addresses("224.0.0.1 - 224.0.0.1"));
        for bad in ["", "239.0.0.1", "239.0.0.9-239.0.0.1", "10.0.0.1-10.0.0.9", "a-b"] {
            assert!(!multicast_addresses(bad), "{bad}");
        }
        assert!(ports("64001-65000"));
        for bad in ["", "64001", "65000-64001", "0-1", "1-65536", &format!("1-{:>64}", 2)] {
            assert!(!ports(bad), "{bad}");
        }
    }
}
