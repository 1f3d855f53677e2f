//! What a verification pays of credits: spent by the index, written down by the journal.

use std::num::NonZeroU32;

/// What was paid out of a purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The number under which the store knows what was taken into the purse.
    pub purse: NonZeroU32,
    /// How much.
    pub units: NonZeroU32,
}
