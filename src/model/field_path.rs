//! The way to a value inside a document: `spec.pull.sources[1].distributionPoint`.

use std::fmt;

use serde::{Serialize, Serializer};

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into a mapping, by key.
    Key(String),
    /// Into a sequence, by position from 0.
    Index(usize),
}

/// The way to a value inside a document; empty for the document itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The path along these keys, written with dots between them: `"spec.siteCode"`.
    pub fn new(keys: &str) -> Self {
        Self::default().key(keys)
    }

    /// This path and then these keys, written with dots between them.
    #[must_use]
    pub fn key(mut self, keys: &str) -> Self {
        let keys = keys.split('.').filter(|key| !key.is_empty());
        self.0.extend(keys.map(|key| Segment::Key(key.to_owned())));
        self
    }

    /// This path and then one key that may contain dots (an annotation's, say).
    #[must_use]
    pub fn literal_key(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.to_owned()));
        self
    }

    /// This path and then an element of a sequence.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// The steps.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl From<&str> for FieldPath {
    /// The same as [`FieldPath::new`].
    fn from(keys: &str) -> Self {
        Self::new(keys)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_keys_with_dots_and_positions_in_brackets() {
        let path = FieldPath::new("spec.pull.sources").index(1).key("distributionPoint");
        assert_eq!(path.to_string(), "spec.pull.sources[1].distributionPoint");
        assert_eq!(FieldPath::default().to_string(), "");
    }
}
