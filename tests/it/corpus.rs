//! The texts that the loader is fuzzed with, without a fuzzer: they broke something once, here or
//! elsewhere.

use std::{fs, path::Path};

#[path = "../../fuzz/targets/case.rs"]
mod case;
#[path = "../../fuzz/targets/nasties.rs"]
mod nasties;

use case::{case, same_every_way};

#[test]
fn no_text_of_the_corpus_breaks_the_loader() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        // What the fuzzer makes of a file that is not a text: as much as is.
        let text = match str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap(),
        };
        case(text);
        same_every_way(text);
        count += 1;
    }
    assert!(count > 30);
}

#[test]
fn no_nasty_text_breaks_the_loader() {
    for (name, nasty) in nasties::NASTIES {
        println!("{name}");
        let text = nasty(4_000);
        case(&text);
        same_every_way(&text);
    }
}
