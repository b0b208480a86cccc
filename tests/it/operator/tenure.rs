//! Who held the lease when, as operators have said it: by one clock, for they are on one computer.

use jiff::Timestamp;
use serde_json::Value;

use super::cluster::Operator;

/// From when until when an operator took itself for the holder; it has to log JSON.
fn tenures(operator: &Operator) -> Vec<(Timestamp, Timestamp)> {
    let log = operator.log();
    let lines = log.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let mut tenures = Vec::new();
    for line in lines {
        let at = || line["time"].as_str().unwrap().parse().unwrap();
        match line["message"].as_str().unwrap_or_default() {
            it if it.starts_with("this operator holds the lease") => {
                tenures.push((at(), Timestamp::MAX));
            }
            it if it.starts_with("the lease is lost") => tenures.last_mut().unwrap().1 = at(),
            _ => {}
        }
    }
    tenures
}

/// No two of these operators have held the lease at the same time, and somebody has.
pub(super) fn assert_one_at_a_time(operators: &[&Operator]) {
    let mut all: Vec<_> = operators.iter().flat_map(|it| tenures(it)).collect();
    all.sort_unstable();
    assert!(!all.is_empty());
    for pair in all.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two operators held the lease at a time: {all:?}");
    }
}
