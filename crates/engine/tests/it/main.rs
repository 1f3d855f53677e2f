//! The engine, told by hand what a store would say.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

mod callers;
mod credits;
mod following;
mod given;
mod journal;
mod limits;
mod modelled;
mod node;
mod plans;
mod verifying;
