//! What the threads of a node share, under a scheduler that decides which of them goes on: the order of steps is tried
//! out, and not left to luck. Each check has a control, which is the same with a fault in it, and must be found.
//!
//! Shuttle takes every atomic as sequentially consistent: what is held is the order of the steps, and not that of memory.
//! Files are real ones. `MODEL_RUNS` says how many schedules each check tries, for those that cannot try all.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod bound;
mod journal;
mod lately;
mod lease;
mod limits;

use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// How many schedules of each kind are tried. Half as many find every fault of the controls a hundred times over.
fn runs() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test reads how long it may take")]
    let told = std::env::var("MODEL_RUNS").ok();
    told.map_or(2000, |runs| runs.parse().expect("MODEL_RUNS is a number"))
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    // What a schedule may take: one that goes on for longer waits for something that does not come.
    config.max_steps = shuttle::MaxSteps::FailAfter(50_000);
    config
}

/// Tries schedules by chance, and those with few changes at bad moments. The seeds are fixed: a failure comes again.
fn check(model: impl Fn() + Send + Sync + Clone + 'static) {
    Runner::new(RandomScheduler::new_from_seed(1, runs()), config()).run(model.clone());
    Runner::new(PctScheduler::new_from_seed(2, 3, runs()), config()).run(model);
}

/// Tries every schedule that there is; answers how many.
fn check_all(model: impl Fn() + Send + Sync + 'static) -> usize {
    Runner::new(DfsScheduler::new(None, false), config()).run(model)
}

/// A fault that must be found, and for what it breaks: `broken` is in the text of the assertion.
fn find_fault(broken: &str, model: impl Fn() + Send + Sync + Clone + 'static) {
    let found = catch_unwind(AssertUnwindSafe(|| check(model)));
    let said = found.expect_err("the fault was not found");
    let text = said.downcast_ref::<String>().cloned().or_else(|| said.downcast_ref::<&str>().map(|s| (*s).to_owned()));
    assert!(text.as_deref().is_some_and(|text| text.contains(broken)), "found something else: {text:?}");
}
