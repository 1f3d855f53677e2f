//! What goes on behind the requests, for as long as the server runs.

mod keep;

pub use keep::keep;
