//! From lines to the types of documents: each value is read where it stands, by what it is to be.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::BorrowedStrDeserializer,
};

use super::lines::{Line, Lines, NotPlain, Scalar, blank, is_item, ordinary, scalar};

/// Keys are shorter than this; YAML wants less than 1,024 characters.
const LONGEST_KEY: usize = 128;

/// Reads a document.
pub(in crate::manifest) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, NotPlain> {
    if !ordinary(text) {
        return Err(NotPlain);
    }
    let mut lines = Lines::of(text);
    lines.skip_marker()?;
    let column = lines.peek()?.ok_or(NotPlain)?.column;
    let value = T::deserialize(Value { lines: &mut lines, place: Place::Block { column } })?;
    // Behind the last key nothing is left.
    if lines.peek()?.is_some() { Err(NotPlain) } else { Ok(value) }
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
enum Place<'de> {
    /// From the next line on, at this column.
    Block { column: usize },
    /// Behind a key of a mapping at this column.
    Key { column: usize, rest: &'de str },
    /// Behind the `- ` of a list at this column; itself at another one.
    Item { column: usize, line: Line<'de> },
}

struct Value<'l, 'de> {
    lines: &'l mut Lines<'de>,
    place: Place<'de>,
}

impl<'de> Value<'_, 'de> {
    /// Whether nothing is written.
    fn is_missing(&mut self) -> Result<bool, NotPlain> {
        let Place::Key { column, rest } = self.place else { return Ok(false) };
        if !blank(rest) {
            return Ok(false);
        }
        Ok(match self.lines.peek()? {
            None => true,
            Some(line) => line.column < column || (line.column == column && !is_item(line.text)),
        })
    }

    fn scalar(&mut self) -> Result<Scalar<'de>, NotPlain> {
        let (column, text) = match self.place {
            Place::Block { .. } => return Err(NotPlain),
            Place::Key { column, rest } => (column, rest),
            Place::Item { column, line } => (column, line.text),
        };
        let scalar = scalar(text)?;
        self.lines.ends_at(column)?;
        Ok(scalar)
    }

    fn bare(&mut self) -> Result<&'de str, NotPlain> {
        let Scalar { text, bare } = self.scalar()?;
        if bare { Ok(text) } else { Err(NotPlain) }
    }

    /// A number as people write it; all other ways are the other parser's.
    fn number(&mut self) -> Result<u32, NotPlain> {
        let text = self.bare()?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (text.len() == 1 || !text.starts_with('0')) {
            text.parse().map_err(|_| NotPlain)
        } else {
            Err(NotPlain)
        }
    }

    /// The column of the block that this value is, where it is one.
    fn block(&mut self) -> Result<usize, NotPlain> {
        match self.place {
            Place::Block { column } => Ok(column),
            Place::Key { column, rest } if blank(rest) => match self.lines.peek()? {
                // A list may stand below the beginning of its key.
                Some(line) if line.column > column => Ok(line.column),
                Some(line) if line.column == column && is_item(line.text) => Ok(column),
                _ => Err(NotPlain),
            },
            Place::Key { .. } => Err(NotPlain),
            Place::Item { line, .. } => {
                self.lines.put_back(line);
                Ok(line.column)
            }
        }
    }
}

macro_rules! numbers {
    ($($method:ident: $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
            visitor.$visit(self.number()?.try_into().map_err(|_| NotPlain)?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Value<'_, 'de> {
    type Error = NotPlain;

    /// The types of documents say what they want; whoever does not is not served here.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        match self.bare()? {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(NotPlain),
        }
    }

    numbers!(
        deserialize_u8: visit_u8,
        deserialize_u16: visit_u16,
        deserialize_u32: visit_u32
    );

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_borrowed_str(self.scalar()?.text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        if self.is_missing()? {
            return visitor.visit_none();
        }
        match self.place {
            Place::Key { rest, .. } if !blank(rest) && scalar(rest)?.is_null() => {
                self.scalar()?;
                visitor.visit_none()
            }
            Place::Key { .. } => visitor.visit_some(self),
            Place::Block { .. } | Place::Item { .. } => Err(NotPlain),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        visitor.visit_enum(Variant(self.scalar()?.text))
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        let column = self.block()?;
        visitor.visit_seq(Items { lines: self.lines, column })
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        let column = self.block()?;
        visitor.visit_map(Entries { lines: self.lines, column, rest: "" })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        self.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

/// The word of an enumeration.
struct Variant<'de>(&'de str);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = NotPlain;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), NotPlain> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.0))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = NotPlain;

    fn unit_variant(self) -> Result<(), NotPlain> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, NotPlain> {
        Err(NotPlain)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }
}

/// The items of a list at a column.
struct Items<'l, 'de> {
    lines: &'l mut Lines<'de>,
    column: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = NotPlain;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, NotPlain> {
        let column = self.column;
        let Some(line) = self.lines.peek()? else { return Ok(None) };
        // What stands elsewhere is for whoever the list belongs to.
        let Some(rest) = line.text.strip_prefix("- ").filter(|_| line.column == column) else {
            return Ok(None);
        };
        self.lines.take();
        let text = rest.trim_start_matches(' ');
        let line = Line { column: column + 2 + rest.len() - text.len(), text };
        if text.is_empty() || text.starts_with('#') {
            return Err(NotPlain);
        }
        let value = Value { lines: self.lines, place: Place::Item { column, line } };
        seed.deserialize(value).map(Some)
    }
}

/// The keys and values of a mapping at a column.
struct Entries<'l, 'de> {
    lines: &'l mut Lines<'de>,
    column: usize,
    /// What stands behind the last key.
    rest: &'de str,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = NotPlain;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, NotPlain> {
        let Some(line) = self.lines.peek()? else { return Ok(None) };
        if line.column != self.column {
            // Deeper ones belong to nothing that came before.
            return if line.column < self.column { Ok(None) } else { Err(NotPlain) };
        }
        let (key, rest) = line.text.split_once(':').ok_or(NotPlain)?;
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        let word = key.bytes().all(plain) && key.len() < LONGEST_KEY;
        let begins = key.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !word || !begins || !(rest.is_empty() || rest.starts_with(' ')) {
            return Err(NotPlain);
        }
        self.lines.take();
        self.rest = rest;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotPlain> {
        let place = Place::Key { column: self.column, rest: self.rest };
        seed.deserialize(Value { lines: self.lines, place })
    }
}
