//! XML in and out, bounded: a reader that cannot be made to recurse, expand entities or grow
//! without limit, and a writer whose text every conforming parser returns unchanged.

mod character_data;
mod error;
mod namespace;
mod plain;
mod plain_tag;
mod reader;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub use error::{ForbiddenCharacter, XmlError};
pub use namespace::Namespace;
pub use plain::{PlainReader, PlainTag};
pub(in crate::wire) use reader::is_allowed;
pub use reader::{MAX_ATTRIBUTES, MAX_DEPTH, Node, Tag, XmlReader, decode_body};
pub use walk::{StartTag, Walk};
pub use writer::{XmlWriter, check_characters, escape_attribute, escape_text};
