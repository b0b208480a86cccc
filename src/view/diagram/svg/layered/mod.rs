//! Nodes in layers, groups as lanes.

mod across;
mod along;
mod draw;
mod items;
mod layers;
mod order;
mod spread;

pub(super) use draw::layered;
