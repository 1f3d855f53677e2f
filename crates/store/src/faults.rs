//! Faults on purpose. Compiled in by the feature `faults` alone, which tests have and no build for users.
//!
//! Two kinds: calls of the database that fail ([`fail_call`]), to see that a failure is never read as an answer; and
//! the mistakes that a crash punishes, by the variable `TEST_FAULTS`, to see that the crash tests find them.

use std::cell::Cell;
use std::io;

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

use crate::Tx;
use crate::db::execute;

/// The variable that names one mistake: `synchronous=OFF`, `synchronous=NORMAL`, `event-after-commit`,
/// `position-not-kept` or `block-not-taken`.
const VARIABLE: &str = "TEST_FAULTS";

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The database never hears of it.
    Before,
    /// The database does it, and the answer is lost.
    After,
}

thread_local! {
    /// Calls until the one that fails, and how; and whether it has.
    static ARMED: Cell<Option<(u64, Failure)>> = const { Cell::new(None) };
    static HAS_FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Lets the call fail that is the `nth` from now on, counted from 1, of those that this thread makes: beginning, each
/// statement, committing.
pub fn fail_call(nth: u64, failure: Failure) {
    ARMED.set(Some((nth, failure)));
    HAS_FAILED.set(false);
}

/// Ends it, and answers whether a call has failed.
pub fn disarm() -> bool {
    ARMED.set(None);
    HAS_FAILED.replace(false)
}

/// Does the work, unless it is the call that fails.
pub(crate) async fn strike<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let due = match ARMED.get() {
        Some((1, failure)) => {
            ARMED.set(None);
            HAS_FAILED.set(true);
            Some(failure)
        }
        Some((nth, failure)) => {
            ARMED.set(Some((nth - 1, failure)));
            None
        }
        None => None,
    };
    if due != Some(Failure::Before) {
        let done = work.await;
        if due.is_none() {
            return done;
        }
    }
    Err(sqlx::Error::Io(io::Error::other("a fault on purpose")))
}

/// The first mistake: not to wait until the disk has what was committed.
pub(crate) fn slacken(options: SqliteConnectOptions) -> SqliteConnectOptions {
    match named().as_deref() {
        Some("synchronous=OFF") => options.synchronous(SqliteSynchronous::Off),
        Some("synchronous=NORMAL") => options.synchronous(SqliteSynchronous::Normal),
        _ => options,
    }
}

/// The second: to commit a change and then, in another transaction, the event that tells of it.
pub(crate) async fn commit_too_early(tx: &mut Tx) -> Result<(), sqlx::Error> {
    if named().as_deref() == Some("event-after-commit") {
        execute!(tx, "COMMIT")?;
        execute!(tx, "BEGIN")?;
    }
    Ok(())
}

/// The third: to count what a journal says without noting up to where it was read.
pub(crate) fn loses_positions() -> bool {
    named().as_deref() == Some("position-not-kept")
}

/// The fourth: to spend credits that are still in the store.
pub(crate) fn takes_nothing() -> bool {
    named().as_deref() == Some("block-not-taken")
}

#[expect(clippy::disallowed_methods, reason = "no setting: a build for users does not know it")]
fn named() -> Option<String> {
    std::env::var(VARIABLE).ok()
}
