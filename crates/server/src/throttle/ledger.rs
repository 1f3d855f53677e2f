//! Who has used how much, for so many of them and no more.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

use keyward_core::Usage;

/// What each has used. It remembers the last `room` that were asked for, and up to as many before them; whoever is
/// forgotten has used nothing.
pub(super) struct Ledger<K> {
    room: usize,
    lately: HashMap<K, Usage>,
    before: HashMap<K, Usage>,
}

impl<K: Clone + Eq + Hash> Ledger<K> {
    pub(super) fn remembering(room: usize) -> Self {
        Self { room, lately: HashMap::new(), before: HashMap::new() }
    }

    /// What somebody has used. When there is no more room, those who were not asked for since the last time are forgotten.
    pub(super) fn usage_of(&mut self, whose: &K) -> &mut Usage {
        if self.lately.len() >= self.room && !self.lately.contains_key(whose) {
            self.before = mem::take(&mut self.lately);
        }
        let Self { lately, before, .. } = self;
        lately.entry(whose.clone()).or_insert_with(|| before.remove(whose).unwrap_or_default())
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lately.len() + self.before.len()
    }
}

#[cfg(test)]
mod tests {
    use keyward_core::gcra::{Spending, spend};
    use keyward_core::{Quota, Timestamp};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn spend_one(ledger: &mut Ledger<u32>, whose: u32) {
        let quota = Quota::new(10, 60).unwrap();
        spend(&mut [Spending { quota, usage: ledger.usage_of(&whose), cost: 1 }], NOW).unwrap();
    }

    fn is_known(ledger: &mut Ledger<u32>, whose: u32) -> bool {
        *ledger.usage_of(&whose) != Usage::default()
    }

    #[test]
    fn whoever_comes_again_soon_is_remembered_however_many_come_between() {
        let mut ledger = Ledger::remembering(4);
        spend_one(&mut ledger, 0);
        for other in 1..100 {
            spend_one(&mut ledger, other);
            if other % 3 == 0 {
                assert!(is_known(&mut ledger, 0), "{other}");
            }
        }
    }

    #[test]
    fn whoever_stays_away_is_forgotten_after_twice_the_room() {
        let mut ledger = Ledger::remembering(4);
        for other in 0..8 {
            spend_one(&mut ledger, other);
        }
        assert!(is_known(&mut ledger, 7) && is_known(&mut ledger, 4));
        spend_one(&mut ledger, 8);
        assert!(!is_known(&mut ledger, 0));
    }

    #[test]
    fn a_million_take_no_more_room_than_two_generations() {
        let mut ledger = Ledger::remembering(1_000);
        let mut most = 0;
        for whose in 0..1_000_000 {
            spend_one(&mut ledger, whose);
            most = most.max(ledger.len());
        }
        assert_eq!(most, 2_000);
        assert!(ledger.lately.capacity() < 4_000 && ledger.before.capacity() < 4_000);
    }
}
