//! What the targets share: those rooms of the server that need no database, compiled from their own files.
//!
//! The server as a whole would be built for minutes. Here it is these files, and none of them is changed or stood in for.

#![forbid(unsafe_code)]

pub mod front;
mod metrics;
pub mod token;
