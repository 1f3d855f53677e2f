//! What was found out lately, so that it need not be found out again.

use std::sync::Arc;

use arc_swap::ArcSwap;
use papaya::HashMap;

use crate::sync::step;

/// Values by the SHA-256 of what they were found out about. One that is used stays; of the rest, the older half is
/// forgotten when there are too many. Readers take no lock.
///
/// It may forget anything at any time. It never answers with another value than the one that was kept.
#[derive(Debug)]
pub struct Lately<V> {
    halves: ArcSwap<Halves<V>>,
    /// How many the younger half holds before it becomes the older one.
    half: usize,
}

#[derive(Debug)]
struct Halves<V> {
    younger: Arc<Values<V>>,
    older: Arc<Values<V>>,
}

type Values<V> = HashMap<[u8; 32], Arc<V>>;

impl<V> Lately<V> {
    /// For about so many; at least 2. Each thread that keeps one while the halves change may be one more.
    pub fn new(limit: usize) -> Self {
        let halves = Halves { younger: Arc::default(), older: Arc::default() };
        Self { halves: ArcSwap::from_pointee(halves), half: (limit / 2).max(1) }
    }

    /// What was kept by this hash, if it is not forgotten.
    pub fn find(&self, hash: &[u8; 32]) -> Option<Arc<V>> {
        let halves = self.halves.load();
        step();
        if let Some(found) = halves.younger.pin().get(hash) {
            return Some(Arc::clone(found));
        }
        step();
        let found = halves.older.pin().get(hash).cloned()?;
        self.keep(*hash, Arc::clone(&found));
        Some(found)
    }

    /// Keeps a value.
    pub fn keep(&self, hash: [u8; 32], value: Arc<V>) {
        let halves = self.halves.load();
        step();
        halves.younger.pin().insert(hash, value);
        step();
        if halves.younger.len() >= self.half {
            let next = Halves { younger: Arc::default(), older: Arc::clone(&halves.younger) };
            step();
            // If another was quicker, it has done the same.
            let _ = self.halves.compare_and_swap(&halves, Arc::new(next));
        }
    }

    /// How many are kept at this moment. One that is in both halves counts twice.
    pub fn count(&self) -> usize {
        let halves = self.halves.load();
        halves.younger.len() + halves.older.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;

    fn hash(number: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        hash
    }

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten_in_time() {
        let lately = Lately::new(LIMIT);
        assert!(lately.find(&hash(0)).is_none());
        lately.keep(hash(0), Arc::new("used"));
        lately.keep(hash(1), Arc::new("unused"));
        for number in 2..3 * LIMIT {
            lately.keep(hash(number), Arc::new("another"));
            assert_eq!(lately.find(&hash(0)).as_deref(), Some(&"used"), "{number}");
            assert!(lately.count() <= LIMIT, "{number}");
        }
        assert!(lately.find(&hash(1)).is_none());
        assert!(lately.find(&hash(3 * LIMIT - 1)).is_some());
        assert!((LIMIT / 2..=LIMIT).contains(&lately.count()), "as many as there is room for");
    }
}
