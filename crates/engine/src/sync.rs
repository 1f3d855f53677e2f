//! What threads share, by two makers: the standard library, and in a build with the feature `models` shuttle, which
//! decides at each of these which thread goes on. Nothing else of the engine knows which one it is.

use std::sync::PoisonError;

#[cfg(not(feature = "models"))]
pub(crate) use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64},
    },
    thread,
};

#[cfg(feature = "models")]
pub(crate) use shuttle::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64},
    },
    thread,
};

/// A lock whose holder may have panicked: what it guards is whole after each step.
pub(crate) fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A point at which another thread may go first, between steps of structures that shuttle does not know. Of a build that
/// serves, it is no part.
#[inline]
pub(crate) fn step() {
    #[cfg(feature = "models")]
    thread::yield_now();
}
