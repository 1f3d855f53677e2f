//! Verifying: what a node knows about a key, and what it answers. No SQL, no HTTP, no clock.

mod entry;
mod verify;

pub use entry::{ApiEntry, Entry};
pub use verify::{Ask, CannotKnow, Use, Verdict, Wanted, verify};
