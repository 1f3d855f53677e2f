//! A bound that counts whom it turns away.

use std::sync::Arc;

use keyward_engine::{Bound, Taken};
use prometheus_client::metrics::counter::Counter;

/// So many places. Cloning it is cheap, and the clones have the same places.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    places: Arc<Bound>,
    shed: Counter,
}

impl Gate {
    /// With this many places. Whoever finds none is counted in `shed`.
    pub(super) fn new(limit: u32, shed: Counter) -> Self {
        Self { places: Bound::new(limit), shed }
    }

    /// Takes a place, if one is free. Else whoever asks is to be turned away, and is counted.
    pub(super) fn take(&self) -> Option<Taken> {
        let taken = self.places.take();
        self.count(taken.is_some());
        taken
    }

    /// Whether a place is free at this moment. If not, whoever asks is to be turned away, and is counted.
    pub(super) fn has_room(&self) -> bool {
        let has_room = self.places.has_room();
        self.count(has_room);
        has_room
    }

    fn count(&self, is_let_in: bool) {
        if !is_let_in {
            self.shed.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_turned_away_is_counted_and_nobody_else_is() {
        let shed = Counter::default();
        let gate = Gate::new(1, shed.clone());
        assert!(gate.has_room());
        let taken = gate.take();
        assert!(taken.is_some() && shed.get() == 0);
        assert!(!gate.has_room() && gate.clone().take().is_none());
        assert_eq!(shed.get(), 2);
        drop(taken);
        assert!(gate.take().is_some());
        assert_eq!(shed.get(), 2);
    }
}
