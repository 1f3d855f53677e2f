//! Chance, by a seed.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Throws the same numbers for the same seed (splitmix64).
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// With a seed of its own.
    pub(crate) fn fresh() -> Self {
        Self::of(RandomState::new().build_hasher().finish() >> 32)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below another one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    /// True once in so many throws.
    pub(crate) fn once_in(&mut self, throws: u64) -> bool {
        self.below(throws) == 0
    }

    /// Dice for somebody else, who throws at the same time.
    pub(crate) fn another(&mut self) -> Self {
        Self::of(self.throw())
    }
}
