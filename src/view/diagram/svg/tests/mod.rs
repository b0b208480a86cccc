//! What holds for every drawing, on diagrams made by chance.

mod document;
mod geometry;
mod sketch;
