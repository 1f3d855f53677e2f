//! The places for connections. When all are taken, whoever has asked nothing for longest gives theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::front::standing::Standing;
use crate::metrics::ConnectionCounts;

/// File descriptors for everything else: the database, the listener, the log.
const OTHER_FILES: u64 = 128;
/// Of so many places one is given up beside the one that is needed, so that a flood seldom has us look at all of them.
const ONE_OF: usize = 100;

/// The places for connections. Cloning it is cheap.
#[derive(Clone)]
pub(super) struct Places {
    limit: usize,
    counts: ConnectionCounts,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    by: HashMap<u64, Arc<Standing>>,
    next: u64,
}

/// A connection's place, until it is dropped.
pub(super) struct Place {
    id: u64,
    places: Places,
}

impl Places {
    /// So many, or as many as the process may have open.
    pub(super) fn new(wanted: u64, counts: ConnectionCounts) -> Self {
        let limit = affordable(wanted);
        if limit < wanted {
            tracing::warn!(wanted, limit, "max_connections is more than the limit of open files (ulimit -n) leaves");
        }
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), counts, taken: Arc::default() }
    }

    /// A place for this connection, if need be that of the one that has asked nothing for longest; none if everybody is
    /// being answered.
    pub(super) fn take(&self, standing: Arc<Standing>) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.by.len() >= self.limit && !taken.give_up(self.limit / ONE_OF + 1) {
            self.counts.shed.inc();
            return None;
        }
        self.counts.open.inc();
        let id = taken.next;
        taken.next += 1;
        taken.by.insert(id, standing);
        Some(Place { id, places: self.clone() })
    }
}

impl Taken {
    /// Has some connections end that wait, longest first: whether there was one. Their places are free at once.
    fn give_up(&mut self, count: usize) -> bool {
        let waiting = self.by.iter().filter_map(|(id, standing)| Some((standing.waits_since()?, *id)));
        let mut waiting: Vec<_> = waiting.collect();
        if waiting.len() > count {
            waiting.select_nth_unstable(count - 1);
            waiting.truncate(count);
        }
        for (_, id) in &waiting {
            if let Some(standing) = self.by.remove(id) {
                standing.given_up.notify_one();
            }
        }
        !waiting.is_empty()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.counts.open.dec();
        self.places.taken.lock().unwrap_or_else(PoisonError::into_inner).by.remove(&self.id);
    }
}

/// At most so many, and no more than the process may have open files, once its own limit is raised as far as it may be.
fn affordable(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = wanted.saturating_add(OTHER_FILES);
    let Some(now) = current.filter(|now| *now < needed) else { return wanted };
    let raised = maximum.map_or(needed, |most| most.min(needed));
    let is_raised = raised > now && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok();
    let most = if is_raised { raised } else { now };
    most.saturating_sub(OTHER_FILES).max(1).min(wanted)
}
