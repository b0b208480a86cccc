//! The patterns of names, versions and durations say what the types say.

use headwater::{
    manifest::combined_schema,
    model::{
        Address, CodeRepository, Interval, MailAddress, Name, PackageId, SecretFile, SiteCode,
        SiteVersion, WebUrl,
    },
};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::json;

use super::schemas::validator;

/// Letters of which names, versions and durations are made, and some that are in none.
const LETTERS: &str =
    "[a-cA-C0-9smhdSPR :./-]{0,10}|[0-9]{1,8}[smhd]|2007 ?[A-Z0-9]{0,3}|\\PC{0,4}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn patterns_accept_what_the_types_accept(text in LETTERS, long in 60_usize..66) {
        let of = |name: &str, text: &str| PATTERNS.with(|patterns| {
            let (_, pattern) = patterns.iter().find(|(known, _)| *known == name).unwrap();
            pattern.is_valid(&json!(text))
        });
        for text in [text, "a".repeat(long), format!("{}.b", "a".repeat(long))] {
            let text = text.as_str();
            prop_assert_eq!(of("Name", text), text.parse::<Name>().is_ok(), "{}", text);
            prop_assert_eq!(of("SiteCode", text), text.parse::<SiteCode>().is_ok(), "{}", text);
            prop_assert_eq!(of("PackageId", text), text.parse::<PackageId>().is_ok(), "{}", text);
            prop_assert_eq!(of("Interval", text), text.parse::<Interval>().is_ok(), "{}", text);
            prop_assert_eq!(of("SiteVersion", text), text.parse::<SiteVersion>().is_ok(), "{}", text);
            prop_assert_eq!(of("SecretFile", text), text.parse::<SecretFile>().is_ok(), "{}", text);
            let repository = text.parse::<CodeRepository>().is_ok();
            prop_assert_eq!(of("CodeRepository", text), repository, "{}", text);
            for text in [format!("{text}@{text}"), format!("a@{text}"), format!("{text}@b")] {
                let text = text.as_str();
                prop_assert_eq!(of("MailAddress", text), text.parse::<MailAddress>().is_ok(), "{}", text);
            }
            for text in [format!("http://{text}"), format!("https://[{text}]"), format!("http://a.b/{text}")] {
                let text = text.as_str();
                prop_assert_eq!(of("WebUrl", text), text.parse::<WebUrl>().is_ok(), "{}", text);
            }
            // One of the known differences: what looks like an IPv6 address.
            if !text.contains(':') {
                prop_assert_eq!(of("Address", text), text.parse::<Address>().is_ok(), "{}", text);
            } else if text.parse::<Address>().is_ok() {
                prop_assert!(of("Address", text), "{}", text);
            }
        }
    }
}

thread_local! {
    static PATTERNS: Vec<(&'static str, Validator)> = patterns();
}

fn patterns() -> Vec<(&'static str, Validator)> {
    let definitions = combined_schema()["$defs"].clone();
    let names = ["Name", "SiteCode", "PackageId", "Interval", "SiteVersion", "Address"];
    let more = ["SecretFile", "CodeRepository", "MailAddress", "WebUrl"];
    let names = names.into_iter().chain(more);
    names.map(|name| (name, validator(&definitions[name]))).collect()
}
