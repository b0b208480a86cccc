//! Sources that do what networks and servers do at their worst, and processes that end as the power
//! does: real `headwater` processes with a proxy between them. What holds is what is seen from
//! outside: the right bytes arrive, wrong ones are never published, and the reason names the source.

mod chains;
mod controller_kills;
mod fleet;
mod kills;
mod other_name;
mod proxy;
mod random;
mod repairs;
mod sources;
