//! The modules of Headwater that read manifests, files of updates and what comes over the wire, under its
//! name: what is fuzzed is the code itself, without the parts that take minutes to build.
#![forbid(unsafe_code)]
#![expect(dead_code, unused_imports, reason = "reading takes a part of these modules")]

#[path = "../../src/check/mod.rs"]
pub mod check;
#[path = "../../src/manifest/mod.rs"]
pub mod manifest;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/wire/mod.rs"]
pub mod wire;

/// As much of the view as problems need.
#[path = "../../src/view"]
pub mod view {
    mod json_text;
    mod plain;
    mod problems;
    mod problems_json;

    pub use plain::{counted, plain};
    pub use problems::{Summary, problems_text, summary_line};
    pub use problems_json::problems_json;
}
