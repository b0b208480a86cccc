//! Identifiers that every language takes: ASCII letters, digits and `_`, each once.

use std::collections::BTreeMap;

/// Makes identifiers out of keys.
#[derive(Debug, Default)]
pub(super) struct Identifiers {
    /// What has been given, and the last number that was put behind it.
    given: BTreeMap<String, usize>,
}

/// Keys are names; what is longer than one of these is told apart by its number.
const LONGEST: usize = 80;

impl Identifiers {
    /// An identifier that begins with a prefix, tells the key, and has not been given before. The
    /// prefix keeps it apart from the words of a language (`end`, `graph`, `node`).
    pub(super) fn give(&mut self, prefix: &str, key: &str) -> String {
        let told = key.chars().take(LONGEST);
        let told = told.map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
        let told: String = prefix.chars().chain(told).collect();
        let Some(mut number) = self.given.get(&told).copied() else {
            self.given.insert(told.clone(), 1);
            return told;
        };
        let identifier = loop {
            number += 1;
            let next = format!("{told}_{number}");
            if !self.given.contains_key(&next) {
                break next;
            }
        };
        self.given.insert(told, number);
        self.given.insert(identifier.clone(), 1);
        identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_differ_where_keys_are_alike() {
        let mut identifiers = Identifiers::default();
        let given = ["a-b", "a_b", "a-b", "end", "\";ä", "a_b_3"];
        let given = given.map(|key| identifiers.give("n_", key));
        assert_eq!(given, ["n_a_b", "n_a_b_2", "n_a_b_3", "n_end", "n____", "n_a_b_3_2"]);
    }
}
