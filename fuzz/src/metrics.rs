//! What the door counts of its connections.

#[path = "../../crates/server/src/metrics/shed.rs"]
#[expect(dead_code, reason = "nobody reads a page of it here")]
mod shed;

pub use shed::ConnectionCounts;
