//! Scenarios as people write them.

use super::{Scenario, disagreements, read_scenario, scenario_schema};
use crate::simulate::fixture;

const ALL: &str = include_str!("everything.yaml");

#[test]
fn everything_that_can_be_said_is_understood_and_reads_back() {
    let scenario = read_scenario(ALL).unwrap();
    let again = serde_yaml::to_string(&scenario).unwrap();
    assert_eq!(read_scenario(&again).unwrap(), scenario);
    let hierarchy = fixture::chain();
    let found = disagreements(&scenario, &hierarchy);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_schema_admits_what_is_understood() {
    let schema = jsonschema::validator_for(&scenario_schema()).unwrap();
    let value: serde_json::Value = serde_yaml::from_str(ALL).unwrap();
    assert!(schema.is_valid(&value), "{:?}", schema.iter_errors(&value).next());
    let value: serde_json::Value = serde_yaml::from_str("links: [{between: [ONE]}]").unwrap();
    assert!(!schema.is_valid(&value));
}

#[test]
fn nothing_said_is_a_scenario_and_what_is_not_understood_is_refused_with_its_place() {
    for text in ["", "# nothing\n", "{}"] {
        assert_eq!(read_scenario(text).unwrap(), Scenario::default());
    }
    let refused = |text: &str| {
        let error = read_scenario(text).unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    };
    let misspelled = refused("links:\n  - between: [ONE, TWO]\n    bandwith: 20Mbit\n");
    assert!(misspelled.contains("line 3"), "{misspelled}");
    assert!(misspelled.contains("bandwith"), "{misspelled}");
    let no_unit = refused("defaults:\n  link: 20\n");
    assert!(no_unit.contains("line 2"), "{no_unit}");
    assert!(refused("kind: Site\n").contains("`kind` is `Site`"));
}

#[test]
fn what_the_hierarchy_does_not_have_is_told_with_what_may_be_meant() {
    let scenario = "
links: [{between: [ONE, TW0], timeZone: Europe/Lisboa, open: [{from: 20, to: 6}]}]
machines: {firts: {}}
content: {ONE00099: 1GB}
faults:
  siteSystemsDown: [{siteSystem: nowhere, from: 2h, to: 1h}]
  lacksContent: [{distributionPoint: last9}]
  patchDays: [{at: 1h, packages: 0}]
";
    let scenario = read_scenario(scenario).unwrap();
    let found = disagreements(&scenario, &fixture::chain());
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(found.join("\n"));
}
