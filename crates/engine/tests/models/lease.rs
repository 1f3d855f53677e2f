//! The lease and what it stands for: what is known is in force before the node may answer from it, whoever reads when.
//!
//! The store is here a list of changes. A node follows it while others change it and ask, and time goes on as it likes.

use std::sync::Arc;
use std::time::Duration;

use keyward_core::Timestamp;
use keyward_engine::facts::{Changes, SigningKey};
use keyward_engine::index::Index;
use keyward_engine::{Engine, Follower, NoLease, Tenure, Tick};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use shuttle::thread;

use crate::{check, check_all, find_fault};

const LEASE: u64 = 2;
const NOW: Timestamp = Timestamp::from_seconds(1_000);

/// A clock of seconds, which goes on when it is told to.
#[derive(Default)]
struct Clock(AtomicU64);

impl Clock {
    fn seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn tick(&self) -> Tick {
        Tick::at(Duration::from_secs(self.seconds()))
    }
}

/// What is stored: change n is that key n - 1 is accepted no more. The first one made all keys.
struct Store {
    head: AtomicU64,
    /// When each change was committed, in seconds.
    committed: Mutex<Vec<u64>>,
    keys: u64,
}

impl Store {
    fn new(keys: u64) -> Self {
        Self { head: AtomicU64::new(1), committed: Mutex::new(Vec::new()), keys }
    }

    /// Revokes the next key.
    fn change(&self, clock: &Clock) {
        let mut committed = self.committed.lock().unwrap();
        let head = self.head.load(Ordering::SeqCst) + 1;
        self.head.store(head, Ordering::SeqCst);
        // Read afterwards: it is committed at this time at the latest.
        committed.push(clock.seconds());
    }

    /// How many changes were committed at a time, for those whose time is known already.
    fn changes_until(&self, time: u64) -> u64 {
        self.committed.lock().unwrap().iter().filter(|at| **at <= time).count() as u64
    }

    fn rows(&self, above: u64, head: u64) -> Changes {
        let key = |number: u64| {
            let ended = number < head;
            let (revision, retired_at) = if ended { (number + 1, Some(Timestamp::from_seconds(0))) } else { (1, None) };
            SigningKey { kid: number.to_string(), public: None, retired_at, revision }
        };
        let signing_keys = (1..=self.keys).map(key).filter(|key| key.revision > above).collect();
        Changes { signing_keys, ..Changes::default() }
    }
}

/// How many of the keys are revoked, as a node answers: they are so from the first to the last.
fn revoked(index: &Index, keys: u64) -> u64 {
    let is_revoked = |number: &u64| {
        thread::yield_now();
        index.look_up_signing_key(&number.to_string(), |key| key.is_some_and(|key| !key.is_accepted_at(NOW)))
    };
    (1..=keys).take_while(is_revoked).count() as u64
}

/// Which step of a round is done when.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    AsTold,
    /// The fault: the lease is given before the rows are applied.
    LeaseFirst,
    /// The fault: the lease counts from after the head was read.
    BegunLate,
}

fn round(follower: &mut Follower, store: &Store, clock: &Clock, order: Order) {
    let sent = |follower: &mut Follower| follower.on_round_sent(clock.tick());
    if order != Order::BegunLate {
        sent(follower);
    }
    let head = store.head.load(Ordering::SeqCst);
    let above = follower.on_head(head).unwrap();
    if order == Order::BegunLate {
        sent(follower);
    }
    if order == Order::LeaseFirst {
        follower.on_round_done();
    }
    if let Some(above) = above {
        thread::yield_now();
        follower.apply(store.rows(above, head)).unwrap();
    }
    if order != Order::LeaseFirst {
        follower.on_round_done();
    }
}

/// A node among others: keys are revoked elsewhere, and whoever asks a lease's length later must be told.
fn follow_and_ask(order: Order) {
    let (keys, clock, engine) = (2, Arc::new(Clock::default()), Arc::<Engine>::default());
    let store = Arc::new(Store::new(keys));
    let mut follower = Follower::new(Arc::clone(&engine), Tenure::Among(Duration::from_secs(LEASE)));
    round(&mut follower, &store, &clock, Order::AsTold);
    let following = {
        let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
        thread::spawn(move || (0..2).for_each(|_| round(&mut follower, &store, &clock, order)))
    };
    let changing = {
        let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
        thread::spawn(move || (0..keys).for_each(|_| store.change(&clock)))
    };
    let passing = {
        let clock = Arc::clone(&clock);
        thread::spawn(move || {
            for _ in 0..2 * LEASE {
                clock.0.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    for _ in 0..3 {
        let due = clock.seconds().checked_sub(LEASE).map_or(0, |time| store.changes_until(time));
        let answer = engine.answer(|| clock.tick(), |index| revoked(index, keys));
        if let Ok((revoked, revision)) = answer {
            assert!(revoked >= due, "a change that was due was not in force");
            assert!(revoked >= revision - 1, "what an answer says that it knows was not in force");
        }
    }
    [following, changing, passing].into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn whoever_asks_a_lease_after_a_change_is_told_of_it_or_not_answered() {
    check(|| follow_and_ask(Order::AsTold));
}

#[test]
fn a_lease_that_is_given_before_the_rows_are_applied_is_found() {
    find_fault("was not in force", || follow_and_ask(Order::LeaseFirst));
}

#[test]
fn a_lease_that_counts_from_after_the_head_was_read_is_found() {
    find_fault("a change that was due was not in force", || follow_and_ask(Order::BegunLate));
}

/// A change on this node waits until it is in force here. Whoever asks afterwards is told of it, by an index of which no
/// part is older. `memory` is what a caller found before: that a signature was good, which says nothing of its key.
fn revoke_and_ask(order: Order) {
    let (engine, clock, store) = (Arc::<Engine>::default(), Arc::new(Clock::default()), Arc::new(Store::new(1)));
    let mut follower = Follower::new(Arc::clone(&engine), Tenure::Alone);
    round(&mut follower, &store, &clock, Order::AsTold);
    let in_force = Arc::new(AtomicBool::new(false));
    let revoking = {
        let (engine, clock, in_force) = (Arc::clone(&engine), Arc::clone(&clock), Arc::clone(&in_force));
        thread::spawn(move || {
            store.change(&clock);
            let head = store.head.load(Ordering::SeqCst);
            let following = thread::spawn(move || round(&mut follower, &store, &clock, order));
            // As a change waits: for the revision, and not for the round.
            for _ in 0..4 {
                if engine.revision() >= head {
                    in_force.store(true, Ordering::SeqCst);
                    break;
                }
            }
            following.join().unwrap();
        })
    };
    let was_in_force = in_force.load(Ordering::SeqCst);
    let answer = engine.answer(|| clock.tick(), |index| revoked(index, 1));
    assert!(answer != Ok((0, 1)) || !was_in_force, "a key that was gone was accepted");
    assert!(answer != Ok((0, 2)), "what an answer says that it knows was not in force");
    revoking.join().unwrap();
}

#[test]
fn a_key_that_is_gone_signs_nothing_that_is_accepted_afterwards() {
    check(|| revoke_and_ask(Order::AsTold));
}

#[test]
fn a_key_that_is_told_gone_before_it_is_is_found() {
    find_fault("what an answer says that it knows was not in force", || revoke_and_ask(Order::LeaseFirst));
}

/// The node learns that it cannot be believed, while somebody is answered: what was gone when the answer was whole is not
/// told. `answer` is handed a clock, to be looked at as [`Engine::answer`] does, and what looks at the index.
fn give_up_and_ask(answer: impl Fn(&Engine, &dyn Fn() -> Tick, &dyn Fn()) -> Result<(), NoLease>) {
    let (engine, clock, store) = (Arc::<Engine>::default(), Clock::default(), Store::new(1));
    let mut follower = Follower::new(Arc::clone(&engine), Tenure::Alone);
    round(&mut follower, &store, &clock, Order::AsTold);
    let is_gone = Arc::new(AtomicBool::new(false));
    let failing = {
        let is_gone = Arc::clone(&is_gone);
        thread::spawn(move || {
            follower.on_round_failed();
            is_gone.store(true, Ordering::SeqCst);
        })
    };
    let was_gone = AtomicBool::new(false);
    let look = || was_gone.store(is_gone.load(Ordering::SeqCst), Ordering::SeqCst);
    let answered = answer(&engine, &|| clock.tick(), &look);
    assert!(answered.is_err() || !was_gone.load(Ordering::SeqCst), "what was gone was told");
    failing.join().unwrap();
}

#[test]
fn what_is_gone_while_it_is_looked_at_is_not_told() {
    let tried = check_all(|| give_up_and_ask(|engine, clock, look| engine.answer(clock, |_| look()).map(|_| ())));
    assert!(tried > 10, "{tried} schedules are not all");
}

#[test]
fn an_answer_that_asks_for_the_lease_only_before_is_found() {
    find_fault("what was gone was told", || {
        give_up_and_ask(|engine, clock, look| {
            engine.require_lease(clock())?;
            look();
            Ok(())
        });
    });
}
