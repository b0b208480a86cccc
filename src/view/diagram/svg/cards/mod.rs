//! Groups as a tree of cards.

mod draw;
mod forest;
mod measure;
mod pack;
mod place;
mod routes;
mod strip;

pub(super) use draw::cards;
