//! How much content has come to distribution points between two looks.

use std::collections::BTreeMap;

use crate::model::{Content, Libraries, Name, NumberSet};

/// How many bytes of packages have become whole at which site system since the look before. One that did
/// not answer then tells nothing: what it had is not known. What was repaired does not count: it had
/// most of it.
pub(super) fn received<'a>(before: &Libraries, now: &'a Libraries) -> BTreeMap<&'a Name, u64> {
    let mut received = BTreeMap::new();
    let same = before.systems() == now.systems();
    let places: Vec<Option<u32>> = before.systems().iter().map(|it| now.number(it)).collect();
    let known: NumberSet = places.iter().flatten().copied().collect();
    for (package, contents) in now.packages() {
        for content in contents {
            let mut had = before.contents(package).iter();
            let had = had.find(|it| it.facts == content.facts);
            if same && had.is_some_and(|had| had.whole == content.whole) {
                continue;
            }
            let had = had.map(|had| held(had).translate(&places)).unwrap_or_default();
            let mut new = content.whole.clone();
            new.take(&had);
            for number in new.iter().filter(|number| known.contains(*number)) {
                let system = usize::try_from(number).ok().and_then(|it| now.systems().get(it));
                if let Some(system) = system {
                    let bytes: &mut u64 = received.entry(system).or_default();
                    *bytes = bytes.saturating_add(content.facts.bytes);
                }
            }
        }
    }
    received
}

/// Those that held it, whole or in part.
fn held(content: &Content) -> NumberSet {
    let mut held: NumberSet = content.damaged.keys().copied().collect();
    held.add(&content.whole);
    held
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Digest;

    fn libraries(systems: &[&str], contents: &Value) -> Libraries {
        let packages = json!({"CEN00001": contents});
        serde_json::from_value(json!({"systems": systems, "packages": packages})).unwrap()
    }

    fn content(version: u32, bytes: u64, whole: &str) -> Value {
        let digest = Digest::of(&version.to_be_bytes());
        json!({"version": version, "digest": digest, "files": 3, "bytes": bytes, "whole": whole})
    }

    #[track_caller]
    fn assert_received(before: &Libraries, now: &Libraries, expected: &[(&str, u64)]) {
        let received = received(before, now);
        let received: Vec<_> = received.iter().map(|(name, it)| (name.as_str(), *it)).collect();
        assert_eq!(received, expected);
    }

    #[test]
    fn what_has_become_whole_since_has_been_received() {
        let systems = ["dp1", "dp2", "dp3", "dp4"];
        let mut first = content(1, 10, "0");
        first["damaged"] = json!({"3": 1});
        let before = libraries(&systems, &json!([first]));
        assert_received(&before, &before, &[]);
        // One more has it, one was repaired, and one has the next version.
        let now = libraries(&systems, &json!([content(1, 10, "1,3"), content(2, 100, "0")]));
        assert_received(&before, &now, &[("dp1", 100), ("dp2", 10)]);
        assert_received(&now, &libraries(&systems, &json!([])), &[]);
    }

    #[test]
    fn who_did_not_answer_before_has_received_nothing_that_is_known() {
        let before = libraries(&["dp1", "dp3"], &json!([content(1, 10, "1")]));
        let now = libraries(&["dp1", "dp2", "dp3"], &json!([content(1, 10, "0-2")]));
        assert_received(&before, &now, &[("dp1", 10)]);
    }
}
