//! A node that is told by hand what a store would say.

use std::sync::Arc;
use std::time::Duration;

use keyward_core::Selector;
use keyward_engine::facts::Changes;
use keyward_engine::index::{Entry, Index};
use keyward_engine::{Engine, Follower, RoundError, Tenure, Tick};

pub(crate) const START: Tick = Tick::at(Duration::from_secs(100));

pub(crate) struct Node {
    pub(crate) engine: Arc<Engine>,
    pub(crate) follower: Follower,
}

impl Node {
    pub(crate) fn new(tenure: Tenure) -> Self {
        let engine = Arc::<Engine>::default();
        Self { follower: Follower::new(Arc::clone(&engine), tenure), engine }
    }

    pub(crate) fn round(&mut self, at: Tick, head: u64, changes: Changes) -> Result<(), RoundError> {
        self.follower.on_round_sent(at);
        if self.follower.on_head(head)?.is_some() {
            self.follower.apply(changes)?;
        }
        self.follower.on_round_done();
        Ok(())
    }

    /// A round in which rows of before come again, around what is new.
    pub(crate) fn hear(&mut self, head: u64, news: Changes, late: Vec<Changes>) {
        self.follower.on_round_sent(START);
        let has_news = self.follower.on_head(head).unwrap().is_some();
        let (before, behind) = late.split_at(late.len() / 2);
        let portions = before.iter().chain(has_news.then_some(&news)).chain(behind);
        for portion in portions {
            self.follower.apply(portion.clone()).unwrap();
        }
        self.follower.on_round_done();
    }

    pub(crate) fn apply(&mut self, head: u64, changes: Changes) {
        self.round(START, head, changes).unwrap();
    }

    pub(crate) fn see<T>(&self, text: &str, look: impl FnOnce(Entry<'_>) -> T) -> Option<T> {
        let from = |index: &Index| index.look_up(Selector::parse(text).unwrap(), |found| found.map(look));
        self.engine.answer(|| START, from).unwrap().0
    }

    pub(crate) fn ask<T>(&self, from: impl FnOnce(&Index) -> T) -> T {
        self.engine.answer(|| START, from).unwrap().0
    }

    pub(crate) fn may_answer_at(&self, at: Tick) -> bool {
        self.engine.require_lease(at).is_ok()
    }
}
