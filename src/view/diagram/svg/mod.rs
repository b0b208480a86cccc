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

pub use write::svg;
