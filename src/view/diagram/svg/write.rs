//! From the diagram to the file.

use super::{
    super::{Arrangement, Diagram},
    cards::cards,
    layered::layered,
    page::page,
};

/// A diagram as an SVG document.
pub fn svg(diagram: &Diagram) -> String {
    let scene = match diagram.arrangement {
        Arrangement::Cards => cards(diagram),
        Arrangement::Layered => layered(diagram),
    };
    page(diagram, &scene)
}
