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
//! Modules, in the order of that picture (an arrow never points upward; the table of what each may
//! use is in ARCHITECTURE.md, and a test holds it):
//!
//! - [`model`]: the nouns: names valid once made, the kinds of document, the resolved hierarchy, what is
//!   observed (pure)
//! - [`manifest`]: YAML text to documents, with the place of every value (pure)
//! - [`check`]: what is wrong with documents, one rule a file (pure)
//! - [`ports`]: who talks to whom on which ports, and what has to answer there (pure)
//! - [`plan`]: hierarchy and observed state to ordered actions (pure)
//! - [`adopt`]: observed state to the documents that describe it (pure)
//! - [`engine`]: the machines of the field: sync manager, Package Transfer Manager, choice of a
//!   source (pure)
//! - [`wire`]: bytes to values and back: the protocols and file formats (pure)
//! - [`simulate`]: the virtual world around the engine: how long something would take (pure)
//! - [`view`]: what people read, and its JSON twin (pure)
//! - [`store`]: what is remembered: catalogs, site databases, the journal
//! - [`content`]: the content library on disk
//! - [`net`]: addresses, clients, ports
//! - [`git`]: manifests out of git repositories
//! - [`probe`]: connects to the ports of the roles
//! - [`observe`]: asks the site systems what they are
//! - [`apply`]: carries a plan out, drives the engine
//! - [`notify`]: delivers what is told of the controller's work
//! - [`role`]: what runs: agents and their roles, the host, the controller
//! - [`web`]: what a controller tells programs: health, figures, and the hook of a git server
//! - [`operator`]: the hierarchy as objects of a Kubernetes cluster
//! - [`cli`]: one file per command
//!
//! [`blocking`], [`chance`], [`clock`], [`error_text`], [`telemetry`] and [`world`] are shared by all that
//! are not pure.

pub mod model;

pub mod manifest;

pub mod check;

pub mod ports;

pub mod plan;

pub mod adopt;

pub mod engine;

pub mod wire;

pub mod simulate;

pub mod view;

pub mod store;

pub mod content;

pub mod net;

pub mod git;

pub mod probe;

pub mod observe;

pub mod apply;

pub mod notify;

pub mod role;

pub mod web;

pub mod operator;

pub mod cli;

pub mod blocking;
pub mod chance;
pub mod clock;
pub mod error_text;
pub mod telemetry;
pub mod world;
