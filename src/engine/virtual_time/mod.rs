//! The machines of content together, in a time that the test sets: the site's transfer job, the pull
//! distribution point with its choice of a source, and sources that do what a script says, minute by
//! minute. Nothing here sleeps, and every number of PDP-5 and PDP-7 stands in these tests as a number.

mod clock;
mod numbers;
mod properties;
mod restarts;
mod scripts;
mod story;
