//! Credits: given and shown, taken from the store before they are spent, and given back when a journal is folded to its end.

mod blocks;
mod given;
mod settle;

pub(super) use self::blocks::take_blocks;
pub(super) use self::given::{GivenBalance, Next, read_credits};
pub use self::given::{show_credits, show_granted};
pub use self::settle::{forget_blocks, settle_left, settle_own};
