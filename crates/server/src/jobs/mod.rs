//! What goes on behind the requests, for as long as the server runs.

mod anchor;
mod fold;
mod follow;
mod keep;
mod refusals;
mod renew;

pub use anchor::{EVERY_HOUR, anchor, tell_head};
pub use fold::fold;
pub use follow::follow;
pub use keep::keep;
pub use refusals::write as write_refusals;
pub use renew::renew;
