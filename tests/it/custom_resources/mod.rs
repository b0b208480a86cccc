//! The custom resources: the committed ones are those of the types, Kubernetes takes their schemas, and
//! their rules say what `headwater validate` says.

mod agreement;
mod broken;
mod committed;
mod documents;
mod modern;
mod objects;
mod server;
mod structure;
mod transitions;
