//! Places: never more in use than there are, and all of them back at the end.

use std::sync::Arc;

use keyward_engine::Bound;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::{check, check_all, find_fault};

/// Each thread takes a place so many times and has it for a moment. Answers how often there was none.
fn use_places<T>(threads: u32, times: u32, limit: u32, take: impl Fn() -> Option<T> + Clone + Send + 'static) -> u32 {
    let holders = Arc::new(AtomicU32::new(0));
    let spawn = |_| {
        let (holders, take) = (Arc::clone(&holders), take.clone());
        thread::spawn(move || {
            let mut refused = 0;
            for _ in 0..times {
                let Some(place) = take() else {
                    refused += 1;
                    continue;
                };
                let held = holders.fetch_add(1, Ordering::SeqCst) + 1;
                assert!(held <= limit, "more places than there are");
                holders.fetch_sub(1, Ordering::SeqCst);
                drop(place);
            }
            refused
        })
    };
    let threads: Vec<_> = (0..threads).map(spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

fn places_of_bound(threads: u32, times: u32, limit: u32) {
    let bound = Bound::new(limit);
    let shared = Arc::clone(&bound);
    let refused = use_places(threads, times, limit, move || shared.take());
    assert!(threads > limit || refused == 0, "a place was free, and somebody was refused");
    let all: Vec<_> = (0..limit).map(|_| bound.take().expect("a place did not come back")).collect();
    assert!(!bound.has_room() && bound.take().is_none(), "a place came back twice");
    drop(all);
}

#[test]
fn two_threads_never_share_the_one_place_in_any_order() {
    let tried = check_all(|| places_of_bound(2, 1, 1));
    assert!(tried > 10, "{tried} schedules are not all");
}

#[test]
fn many_threads_never_have_more_places_than_there_are() {
    check(|| places_of_bound(4, 2, 2));
}

#[test]
fn who_finds_room_for_all_is_never_refused() {
    check(|| places_of_bound(3, 2, 3));
}

/// A bound that looks and then takes, in two steps.
struct Hasty {
    used: AtomicU32,
    limit: u32,
}

struct Place(Arc<Hasty>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.used.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn a_bound_that_looks_and_then_takes_is_found() {
    find_fault("more places than there are", || {
        let hasty = Arc::new(Hasty { used: AtomicU32::new(0), limit: 1 });
        use_places(2, 2, 1, move || {
            let used = hasty.used.load(Ordering::SeqCst);
            (used < hasty.limit).then(|| {
                hasty.used.store(used + 1, Ordering::SeqCst);
                Place(Arc::clone(&hasty))
            })
        });
    });
}
