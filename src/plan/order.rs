//! An order in which everything comes after what it needs.

use std::collections::BTreeSet;

/// The numbers `0..needs.len()`, each after those in its `needs` and otherwise ascending. Members
/// of a cycle cannot be ordered: they come last, ascending.
pub(super) fn each_after(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = vec![0; needs.len()];
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (number, needed) in needs.iter().enumerate() {
        for earlier in needed.iter().copied().collect::<BTreeSet<_>>() {
            missing[number] += 1;
            needed_by[earlier].push(number);
        }
    }
    let mut ready: BTreeSet<usize> =
        missing.iter().enumerate().filter(|(_, left)| **left == 0).map(|(it, _)| it).collect();
    let mut ordered = Vec::with_capacity(needs.len());
    while let Some(number) = ready.pop_first() {
        ordered.push(number);
        for &later in &needed_by[number] {
            missing[later] -= 1;
            if missing[later] == 0 {
                ready.insert(later);
            }
        }
    }
    ordered.extend((0..needs.len()).filter(|number| missing[*number] > 0));
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_what_it_needs() {
        assert_eq!(each_after(&[vec![2, 2], vec![], vec![1], vec![]]), [1, 2, 0, 3]);
    }

    #[test]
    fn cycles_and_what_needs_them_come_last() {
        assert_eq!(each_after(&[vec![1], vec![0], vec![0], vec![], vec![4]]), [3, 0, 1, 2, 4]);
    }
}
