//! Four tiers of update points, each a process of its own, below a server that always has something
//! new: processes are killed and connections cut at random moments, and in the end all four hold
//! what the server holds, byte for byte, and nothing was asked for that was stored already.

mod chain;
mod link;
mod rounds;
mod source;
