//! Controls: mistakes that the tests of crashes must find. Without them, a harness that finds nothing would look like a
//! server that loses nothing.
//!
//! The binary that is built with the tests can be told to make a mistake (`crates/store/src/faults.rs`); all else is
//! the same: the same shop, the same checks. So what they find can come of the mistake alone, and the first control
//! shows that without a mistake they find nothing in this binary.

use super::dice::Dice;
use super::kill::kill_store;
use super::power::{Tally, cut_store};
use super::shop::{Kind, Shop};
use super::{Checked, binary, dice, tell};

/// Cuts the power of a store that has been stopped properly once: so what is found is the loss of a later change.
async fn power_cuts(mistake: &str, cuts: u32, dice: &mut Dice) -> Checked {
    let mut shop = Shop::found(Kind::Sqlite, dice).await.mistaken(mistake);
    let ready = shop.start()?;
    shop.furnish(&ready, dice).await?;
    ready.process.stop();
    cut_store(&mut shop, cuts, dice, &mut Tally::default()).await
}

async fn kills(mistake: &str, kills: u32, dice: &mut Dice) -> Checked {
    let mut shop = Shop::found(Kind::Sqlite, dice).await.mistaken(mistake);
    kill_store(&mut shop, kills, dice).await
}

#[track_caller]
fn caught(outcome: Checked, by: &[&str]) {
    let found = outcome.expect_err("the mistake was not found");
    tell(&found);
    assert!(by.iter().any(|words| found.contains(words)), "something else was found: {found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mistake_nothing_is_found() {
    let mut dice = dice();
    power_cuts("none", 12, &mut dice).await.unwrap();
    kills("none", 12, &mut dice).await.unwrap();
}

/// Nothing is synced at a commit, so that a power cut takes what was acknowledged: the store goes back to what it was
/// before, or tears. If the disk of the tests kept what was not synced, this would find nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_are_never_synced_are_found_by_a_power_cut() {
    let mut dice = dice();
    // Each of these is a loss of something that was acknowledged, or a store that does not open any more.
    caught(power_cuts("synchronous=OFF", 12, &mut dice).await, &LOSSES);
}

/// The same, but the log is synced before it is copied into the database: what is lost is whole, and it is lost all the
/// same. This is SQLite's own advice for its write-ahead log, and too little here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_are_synced_later_are_found_by_a_power_cut() {
    let mut dice = dice();
    caught(power_cuts("synchronous=NORMAL", 30, &mut dice).await, &LOSSES);
}

/// A kill between the two transactions leaves a change of which no event tells: the head has moved on, and the events
/// have not. The changes themselves are all there, so only the comparison with the audit log can find it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_outside_of_its_change_is_found_by_a_kill() {
    let mut dice = dice();
    let mut outcome = Ok(());
    // Half of the kills meet the gap; five stores without a hit are as good as impossible.
    for _ in 0..5 {
        outcome = kills("event-after-commit", 20, &mut dice).await;
        if outcome.is_err() {
            break;
        }
    }
    caught(outcome, &["the head is", "of which no event tells", "a change without an event"]);
}

#[test]
fn no_build_for_users_can_be_told_to_make_a_mistake() {
    let knows = |program: &std::path::Path| {
        let bytes = std::fs::read(program).unwrap();
        bytes.windows(11).any(|window| window == b"TEST_FAULTS")
    };
    assert!(knows(crate::support::KEYWARD.as_ref()), "the mistakes have another name");
    if binary() != std::path::Path::new(crate::support::KEYWARD) {
        assert!(!knows(&binary()), "the binary that is tested can be told to make mistakes");
    }
}

/// How a lost change shows itself: in an answer that is no longer true, or in a store that is torn.
const LOSSES: [&str; 10] = [
    "API_KEY_NOT_FOUND",
    "should be API_KEY_",
    "another secret",
    "the old secret",
    "but repeated",
    "counts ",
    "UNAVAILABLE",
    "integrity_check",
    "the server does not start",
    "the server ended by itself",
];
