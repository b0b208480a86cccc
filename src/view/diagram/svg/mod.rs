//! A diagram as SVG, drawn to be looked at. The file needs nothing else: no script, no typeface, no
//! other file.

mod cards;
mod channel;
mod content;
mod elements;
mod layered;
mod lines;
mod names;
mod page;
mod scene;
mod style;
#[cfg(test)]
mod tests;
mod text;
mod write;

// What other drawings are made of.
pub(in crate::view) use elements::{Document, escaped};
pub(in crate::view) use scene::Rect;
pub(in crate::view) use style::style_sheet;
pub(in crate::view) use text::{HEADING, LABEL, NAME, TEXT, TITLE};
pub use write::svg;
