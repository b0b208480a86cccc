//! Lists of numbers as bytes: prerequisites and files of a revision in its row.

use crate::{store::StoreProblem, wire::update_document::PrerequisiteGroup};

/// One group of prerequisites, as numbers of identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberedGroup {
    pub(super) is_category: bool,
    pub(super) any_of: Vec<i64>,
}

/// Appends a number in groups of seven bits, the lowest first.
fn push(bytes: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 0x80 {
        bytes.push(0x80 | low_bits(rest));
        rest >>= 7;
    }
    bytes.push(low_bits(rest));
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

/// Takes a number off the front.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Numbers in their order.
pub(super) fn write_all(numbers: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len() * 3);
    for number in numbers {
        push(&mut bytes, number.unsigned_abs());
    }
    bytes
}

/// What [`write_all`] wrote.
pub(super) fn read_all(mut bytes: &[u8]) -> Result<Vec<i64>, StoreProblem> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(number(&mut bytes)?);
    }
    Ok(numbers)
}

/// Groups of prerequisites; `numbers` has one for each member, in their order.
pub(super) fn write_groups(groups: &[PrerequisiteGroup], numbers: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(groups.len() + numbers.len() * 3);
    let mut numbers = numbers.iter();
    for group in groups {
        push(&mut bytes, (group.any_of.len() as u64) << 1 | u64::from(group.is_category));
        for number in numbers.by_ref().take(group.any_of.len()) {
            push(&mut bytes, number.unsigned_abs());
        }
    }
    bytes
}

/// What [`write_groups`] wrote.
pub(super) fn read_groups(mut bytes: &[u8]) -> Result<Vec<NumberedGroup>, StoreProblem> {
    let mut groups = Vec::new();
    while !bytes.is_empty() {
        let head = take(&mut bytes).ok_or(INVALID)?;
        let (count, is_category) = (head >> 1, head & 1 == 1);
        // A member takes a byte at least: a damaged count asks for no memory.
        if count > bytes.len() as u64 {
            return Err(INVALID);
        }
        let any_of = (0..count).map(|_| number(&mut bytes)).collect::<Result<_, _>>()?;
        groups.push(NumberedGroup { is_category, any_of });
    }
    Ok(groups)
}

fn number(bytes: &mut &[u8]) -> Result<i64, StoreProblem> {
    take(bytes).and_then(|it| i64::try_from(it).ok()).ok_or(INVALID)
}

const INVALID: StoreProblem = StoreProblem::Value("the relations of an update");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_groups_read_back(
            groups in proptest::collection::vec(
                (any::<bool>(), proptest::collection::vec(0..i64::MAX, 0..5)), 0..6),
        ) {
            let numbers: Vec<_> = groups.iter().flat_map(|(_, it)| it.clone()).collect();
            prop_assert_eq!(&read_all(&write_all(&numbers)).unwrap(), &numbers);
            let written: Vec<_> = groups
                .iter()
                .map(|(is_category, it)| PrerequisiteGroup {
                    is_category: *is_category,
                    any_of: vec![Uuid::nil(); it.len()],
                })
                .collect();
            let read = read_groups(&write_groups(&written, &numbers)).unwrap();
            let read: Vec<_> = read.into_iter().map(|it| (it.is_category, it.any_of)).collect();
            prop_assert_eq!(read, groups);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            drop((read_all(&bytes), read_groups(&bytes)));
        }
    }
}
