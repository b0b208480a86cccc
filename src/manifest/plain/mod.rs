//! Documents as nearly all of them are written: keys and values on lines of their own. A reader for
//! these alone takes a tenth of the time of one for all of YAML. Whatever is not as plain as that
//! is refused without a word, and left to the parser that knows everything; what is accepted, that
//! one reads in the same way.

mod lines;
mod reader;
#[cfg(test)]
mod tests;

pub(super) use reader::from_str;
