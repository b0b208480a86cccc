//! XML in and out, bounded: a reader that cannot be made to recurse, expand entities or grow
//! without limit, and a writer whose text every conforming parser returns unchanged.

mod character_data;
mod error;
mod namespace;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub use error::{ForbiddenCharacter, XmlError};
pub use namespace::Namespace;
pub(in crate::wire) use reader::is_allowed;
pub use reader::{MAX_ATTRIBUTES, MAX_DEPTH, Node, Tag, XmlReader, decode_body};
pub use writer::{XmlWriter, check_characters, escape_attribute, escape_text};
