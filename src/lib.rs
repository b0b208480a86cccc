//! Headwater: a declarative controller for software-update hierarchies.
//!
//! ```text
//!  YAML files
//!      |  manifest     what people wrote, with file, line and column of every value
//!      v
//!  Hierarchy           what it means: resolved, indexed, checked by rules          (pure)
//!      |
//!      |    observed   what the site systems say they are                          (network)
//!      v       v
//!     plan             ordered actions, each with its reason                       (pure)
//!      |
//!      v
//!   engine             the state machines of the field: events in, commands out    (pure)
//!      |
//!      v
//!   apply              carries commands out, feeds events back, keeps the journal
//!      |  admin port
//!      v
//!  site systems        one agent on each computer; hosts the roles
//! ```
//!
//! Modules, in the order of that picture (an arrow never points upward):

pub mod model;

pub mod manifest;

pub mod check;

pub mod plan;

pub mod engine;

pub mod wire;

pub mod view;

pub mod store;

pub mod content;

pub mod net;

pub mod observe;

pub mod apply;

pub mod role;

pub mod cli;

pub mod blocking;
pub mod clock;
pub mod error_text;
pub mod telemetry;
