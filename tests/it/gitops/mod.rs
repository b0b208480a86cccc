//! `headwater controller`: a hierarchy that follows a git repository, with the real program `git` and
//! real servers.

mod directories;
mod following;
mod https;
mod https_server;
mod readme;
pub(crate) mod repository;
mod signed;
mod ssh;
