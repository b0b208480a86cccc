//! Where every wanted setting comes from: the way back from the settings of a resource to the fields
//! of the documents that say so. It mirrors `Hierarchy::resolve`, which goes the other way.

mod distribution_point;
mod documents;
mod local_update;
mod origin;
mod package;
mod settings_by_path;
mod site;
mod site_system;
mod update_point;
mod wanted;

pub use origin::{Basis, Origin};
pub use wanted::{Origins, WantedValue};
