//! `headwater ports`: flows, firewalls, and what really answers.

mod check;
mod drift;
mod firewalls;
mod hierarchies;
mod listeners;
mod outputs;
mod strangers;
