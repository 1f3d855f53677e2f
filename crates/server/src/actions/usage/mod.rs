//! Counting verifications: in a file before they are answered, and in the store a moment later.

mod fold;
mod forget;
mod list;
mod record;

pub use self::fold::{begin, end, fold, keep_journal};
pub(super) use self::fold::{forget_opening, vouch};
pub use self::forget::forget_usage;
pub use self::list::{get_key_usage, get_usage};
pub(super) use self::record::record;
