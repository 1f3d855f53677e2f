//! Verifying: what a node knows about keys, until when it may answer from that, what it answers, and the journal of its
//! answers. Files, but no SQL, no HTTP, no clock.
//!
//! [`Engine`] is what every verification reads, without a lock. [`Follower`] is the one that keeps it true: it is told
//! what the store says, and never asks by itself. [`journal::Journal`] is where verifications are counted.
//!
//! [`Bound`] and [`Lately`] are what the threads of a node share besides: places, and what was found out.

mod bound;
mod engine;
mod explain;
pub mod facts;
pub mod index;
pub mod journal;
mod lately;
mod lease;
mod payment;
mod sync;
mod verify;

pub use bound::{Bound, Taken};
pub use engine::{Answering, Engine, Follower, NoLease, RoundError, Tenure};
pub use explain::{Explanation, explain};
pub use lately::Lately;
pub use lease::Tick;
pub use payment::Payment;
pub use verify::{Ask, CannotKnow, Use, Verdict, Wanted, prove, verify};
