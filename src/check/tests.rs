//! What holds for all rules.

use super::*;
use crate::model::Declared;

#[test]
fn rules_are_in_the_order_of_their_ids_and_say_everything() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted());
    for rule in RULES {
        for text in [rule.id, rule.summary, rule.why, rule.example] {
            assert!(!text.is_empty(), "{}", rule.id);
        }
    }
}

#[test]
fn nothing_declared_is_nothing_wrong() {
    assert_eq!(check(&Declared::default()), []);
}
