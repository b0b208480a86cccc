//! The schemas, held to account by a validator that is none of ours: they are schemas, they say
//! something of every field, and they accept and refuse what the loader accepts and refuses.

mod differences;
mod documents;
mod fields;
mod mutated;
mod patterns;
mod schemas;
