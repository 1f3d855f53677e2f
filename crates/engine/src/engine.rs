//! What a node answers from, and the one that keeps it true.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use keyward_core::Timestamp;

use crate::facts::{Changes, UsedHour};
use crate::index::{Index, Unappliable, Writer};
use crate::lease::{Lease, Tick};
use crate::sync::AtomicU64;

/// What a node answers from: the index, and until when it may.
#[derive(Debug, Default)]
pub struct Engine {
    index: Arc<Index>,
    lease: Lease,
    revision: AtomicU64,
    /// Nanoseconds of the clock; 0 for never.
    heard_at: AtomicU64,
}

/// The node may not answer: it has not heard of the head for too long, or could not apply what it heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this node has not heard of the last changes, and may not answer from memory")]
pub struct NoLease;

impl Engine {
    /// Answers from the index, if the node may at both ends of it: with the revision that the answer knows of at least.
    pub fn answer<T>(&self, clock: impl Fn() -> Tick, from: impl FnOnce(&Index) -> T) -> Result<(T, u64), NoLease> {
        let answering = self.begin(clock())?;
        let answer = from(answering.index());
        Ok((answer, answering.end(clock())?))
    }

    /// Begins an answer that is put together in several looks at the index, if the node may.
    pub fn begin(&self, now: Tick) -> Result<Answering<'_>, NoLease> {
        self.require_lease(now)?;
        Ok(Answering { engine: self, revision: self.revision() })
    }

    /// Whether the node may answer at this instant.
    pub fn require_lease(&self, now: Tick) -> Result<(), NoLease> {
        if self.lease.holds_at(now) { Ok(()) } else { Err(NoLease) }
    }

    /// The revision up to which every change is applied.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// When the last round began that came to its end; none before the first.
    pub fn heard_at(&self) -> Option<Tick> {
        match self.heard_at.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Tick::at(Duration::from_nanos(nanos))),
        }
    }

    /// How many secrets it knows.
    pub fn secrets(&self) -> usize {
        self.index.secrets()
    }
}

/// An answer that is put together: it is one when [`Self::end`] says so, and before that nothing may be told of it.
#[derive(Debug)]
#[must_use = "what was put together is no answer before its end"]
pub struct Answering<'a> {
    engine: &'a Engine,
    revision: u64,
}

impl Answering<'_> {
    /// What the answer is put together from. A later look may know of more.
    pub fn index(&self) -> &Index {
        &self.engine.index
    }

    /// Ends it, if the node still may answer: with the revision that every look at the index knew of at least.
    pub fn end(self, now: Tick) -> Result<u64, NoLease> {
        self.engine.require_lease(now)?;
        Ok(self.revision)
    }
}

/// For how long a node may answer after it heard of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenure {
    /// For ever: nobody else changes what it answers from. It ends when a change cannot be applied.
    Alone,
    /// So long after the reading of the head was begun.
    Among(Duration),
}

/// The one that keeps an [`Engine`] true, by rounds: the head is read, then the rows above what is applied.
///
/// It does nothing by itself: whoever speaks to the store tells it what was done, and when it began.
#[derive(Debug)]
pub struct Follower {
    engine: Arc<Engine>,
    writer: Writer,
    tenure: Tenure,
    /// When the round that goes on was begun, or the last one.
    begun_at: Option<Tick>,
    head: u64,
}

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The store has forgotten changes that are applied here: a backup, or a database that lagged behind.
    #[error("the store is at revision {head}, and this node at {applied}: it has another history")]
    AnotherHistory {
        /// The head that was read.
        head: u64,
        /// What is applied.
        applied: u64,
    },
    /// Its rows do not fit together.
    #[error(transparent)]
    Unappliable(#[from] Unappliable),
}

impl Follower {
    /// Follows for an engine that knows nothing yet.
    pub fn new(engine: Arc<Engine>, tenure: Tenure) -> Self {
        let writer = Writer::new(Arc::clone(&engine.index));
        Self { engine, writer, tenure, begun_at: None, head: 0 }
    }

    /// A round begins: the head is about to be read.
    pub fn on_round_sent(&mut self, now: Tick) {
        self.begun_at = Some(now);
    }

    /// When the round that goes on was begun, or the last one.
    pub fn begun_at(&self) -> Option<Tick> {
        self.begun_at
    }

    /// The head was read: answers the revision above which rows are to be read; none if all are applied.
    pub fn on_head(&mut self, head: u64) -> Result<Option<u64>, RoundError> {
        let applied = self.engine.revision();
        if head < applied {
            self.engine.lease.give_up();
            return Err(RoundError::AnotherHistory { head, applied });
        }
        self.head = head;
        Ok((head > applied).then_some(applied))
    }

    /// Some of the rows were read, in whatever order and portions.
    pub fn apply(&mut self, changes: Changes) -> Result<(), RoundError> {
        Ok(self.writer.apply(changes, self.head)?)
    }

    /// All rows up to the head that was read are applied: they are in force, and the node may answer.
    pub fn on_round_done(&mut self) {
        self.engine.revision.store(self.head, Ordering::Release);
        let heard_at = self.begun_at.map_or(0, Tick::nanos);
        self.engine.heard_at.store(heard_at, Ordering::Relaxed);
        match (self.tenure, self.begun_at) {
            (Tenure::Alone, _) => self.engine.lease.hold(),
            (Tenure::Among(length), Some(begun_at)) => self.engine.lease.extend(begun_at.after(length)),
            (Tenure::Among(_), None) => {}
        }
    }

    /// The round failed. A node that is alone has missed a change perhaps, and would never notice: it stops answering. One
    /// among others goes on until its lease runs out.
    pub fn on_round_failed(&mut self) {
        if self.tenure == Tenure::Alone {
            self.engine.lease.give_up();
        }
    }

    /// Seconds of the longest window of a limit of rate that is to be remembered beyond the end of a node; none if there is no
    /// such limit.
    pub fn longest_window(&self) -> Option<u32> {
        self.writer.longest_window()
    }

    /// Remembers what keys have used of such limits before this node began, hour by hour, the oldest first.
    pub fn remember(&self, hours: &[UsedHour], now: Timestamp) {
        self.writer.remember(hours, now);
    }

    /// How many keys are known.
    pub fn keys(&self) -> usize {
        self.writer.keys()
    }
}
