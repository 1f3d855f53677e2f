//! What goes on behind the requests, for as long as the server runs.

mod keep;
mod renew;

pub use keep::keep;
pub use renew::renew;
