//! What is read plainly is what the parser of all of YAML reads.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::from_str;
use crate::manifest::tree;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Everything {
    text: String,
    #[serde(default)]
    maybe: Option<String>,
    #[serde(default)]
    switch: bool,
    #[serde(default)]
    choice: Option<Choice>,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    hour: u8,
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    #[serde(default)]
    inner: Option<Box<Everything>>,
    #[serde(default)]
    all: Vec<Everything>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Choice {
    One,
    Two,
}

/// Whether a text is read plainly; if it is, the others read the same.
fn plain(text: &str) -> bool {
    let Ok(read) = from_str::<Everything>(text) else { return false };
    let whole: Result<Everything, _> = serde_yaml::from_str(text);
    assert_eq!(whole.as_ref().ok(), Some(&read), "{text}\n{whole:?}");
    assert!(tree::parse(text).is_ok(), "{text}");
    true
}

#[test]
fn what_people_usually_write_is_plain() {
    for text in [
        "text: a\n",
        "text: a b, c:d\n",
        "---\ntext: a\n",
        "--- # two\ntext: \"a\" # quoted\n",
        "# before\n\ntext: 'it is'\n  # deeper\n# after",
        "text: a\nmaybe:\nswitch: true\nchoice: Two\nport: 8530\nhour: 0\n",
        "text: a\nmaybe: ~\nport: null # none\n",
        "text: a\nmaybe: \"null\"\n",
        "text: a\nlist:\n- a\n- b # c\nmap:\n  x: \"y\"\n  headwater.dev/z: w\n",
        "text: a\nlist:\n    - a\n    -   b\ninner:\n  text: b\n  inner:\n   text: c\nswitch: false\n",
        "text: a\nall:\n- text: b\n  list:\n  - x\n- text: c\n  all:\n    - text: d\n      hour: 7\n",
        "  text: a\n  switch: false\n",
        "text: http://a.example:8530/#b\n",
        "text: a#b \"c\" [d], {e}\n",
        "text: Zürich\n",
    ] {
        assert!(plain(text), "{text}");
    }
}

#[test]
fn what_needs_more_than_lines_is_left_to_the_other_parser() {
    for text in [
        "",
        "# nothing\n",
        "text: a\ntext: b\n",
        "text: a\nother: b\n",
        "text: a\n  b\n",
        "text: a\n\n  b\n",
        "text: a: b\n",
        "text: a:\n",
        "text: &a b\n",
        "text: *a\n",
        "text: !a b\n",
        "text: |\n  a\n",
        "text: >-\n  a\n",
        "text: {a}\n",
        "text: [a]\n",
        "text: \"a\\tb\"\n",
        "text: 'a''b'\n",
        "text: \"a\" b\n",
        "text: \"a\"#b\n",
        "text: \"a\n  b\"\n",
        "text: -1\n",
        "text:\n",
        "text:\ta\n",
        "text: a\r\n",
        "text: a\u{2028}b\n",
        "text: a\u{feff}\n",
        "\"text\": a\n",
        "? text\n: a\n",
        "text : a\n",
        "%YAML 1.2\n---\ntext: a\n",
        "--- text: a\n",
        "---text: a\n",
        "text: a\nport: 0x50\n",
        "text: a\nport: 080\n",
        "text: a\nport: \"80\"\n",
        "text: a\nport: 65536\n",
        "text: a\nswitch: True\n",
        "text: a\nswitch: \"true\"\n",
        "text: a\nlist: []\n",
        "text: a\nlist:\n  - a\n - b\n",
        "text: a\nlist:\n -\n  a\n",
        "text: a\nlist:\n  a: b\n",
        "text: a\nmap:\n  - a\n",
        "text: a\n map: b\n",
        "text: a\ninner:\n   text: b\n  switch: true\n",
        "text: a\nall:\n- text: b\n list:\n",
    ] {
        assert!(!plain(text), "{text}");
    }
}

/// Pieces of lines, nearly in order.
fn line() -> impl Strategy<Value = String> {
    let start = prop::sample::select(
        &["", "", "", " ", "  ", "  ", "    ", "- ", "  - ", "-   ", "\t"][..],
    );
    let key = prop::sample::select(
        &[
            "text:",
            "text:",
            "maybe:",
            "switch:",
            "choice:",
            "port:",
            "hour:",
            "list:",
            "map:",
            "inner:",
            "all:",
            "a:",
            "- ",
            "-",
            "#",
            "",
            "---",
            "...",
            "? ",
            "\"text\":",
            "'map' :",
            "%",
        ][..],
    );
    let value = prop::sample::select(
        &[
            "",
            " a",
            " a",
            " b c",
            " true",
            " One",
            " 80",
            " 007",
            " 1",
            " null",
            " ~",
            " \"x\"",
            " 'y'",
            " \"",
            " '",
            " a: b",
            " a:",
            " # c",
            " a # c",
            " a#c",
            "a",
            " [a]",
            " {a: b}",
            " &a b",
            " *a",
            " !a b",
            " |",
            " >",
            " - a",
            " \"a\\n\"",
            " 'a''b'",
            " é",
            " \u{2028}",
            " \u{85}",
            " -",
            " ?",
            " :",
            " ,",
            " a,b",
            " +1",
            " .5",
            " 1e3",
            " 0x1",
            " =",
            " <<",
            " @",
            " `",
            " %",
            "  ",
            "\t",
            " \u{a0}",
            " \u{feff}",
        ][..],
    );
    (start, key, value).prop_map(|(start, key, value)| format!("{start}{key}{value}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_plainly_all_parsers_read_the_same(
        lines in prop::collection::vec(line(), 0..7),
        with_text in any::<bool>(),
        end in prop::sample::select(&["", "\n", "\n\n", " "][..]),
    ) {
        let first = if with_text { "text: a\n" } else { "" };
        plain(&format!("{first}{}{end}", lines.join("\n")));
    }
}
