//! Whatever is written in a manifest: reading it never panics, every way to read it comes to the
//! same, and the work is linear in its length.
#![no_main]

mod case;
mod nasties;
mod work;

use libfuzzer_sys::fuzz_target;

use self::{
    case::{case, same_every_way},
    nasties::NASTIES,
    work::work_of,
};

/// The most work for a text, and for each byte of it: several times what the worst texts take that
/// are known. A thousand problems of one document are that much; quadratic work passes it at a few
/// kilobytes.
const WORK: u64 = 20_000_000;
const WORK_OF_A_BYTE: u64 = 20_000;

/// So much more work a text may take that is four times as long: four times, and a little for what
/// is sorted.
const GROWTH: u64 = 5;

fn work_grows_with_the_length() {
    for (name, nasty) in NASTIES {
        let [short, long] = [8_000, 32_000].map(|bytes| {
            let text = nasty(bytes);
            work_of(|| case(&text))
        });
        assert!(long < GROWTH * short, "{name}: {short} branches, four times as long {long}");
    }
}

fuzz_target!(
    init: work_grows_with_the_length(),
    |text: &str| {
        let work = work_of(|| case(text));
        let most = WORK + WORK_OF_A_BYTE * text.len() as u64;
        assert!(work < most, "{work} branches for {} bytes", text.len());
        same_every_way(text);
    }
);
