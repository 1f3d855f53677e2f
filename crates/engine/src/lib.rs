//! Verifying: what a node knows about keys, until when it may answer from that, what it answers, and the journal of its
//! answers. Files, but no SQL, no HTTP, no clock.
//!
//! [`Engine`] is what every verification reads, without a lock. [`Follower`] is the one that keeps it true: it is told
//! what the store says, and never asks by itself. [`journal::Journal`] is where verifications are counted.

mod engine;
pub mod facts;
pub mod index;
pub mod journal;
mod lease;
mod verify;

pub use engine::{Answering, Engine, Follower, NoLease, RoundError, Tenure};
pub use lease::Tick;
pub use verify::{Ask, CannotKnow, Use, Verdict, Wanted, verify};
