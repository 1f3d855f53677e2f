use std::net::IpAddr;

use keyward_core::{OutcomeCode, Selector, Timestamp};
use keyward_engine::Payment;
use keyward_engine::journal::Record;

use crate::app::App;

/// Writes down what a verification came to, before it is answered; false if that is lost. The key is known all the same, so
/// nobody is refused for it: the journal itself says that it is in trouble.
pub(in crate::actions) fn record(
    app: &App,
    selector: Selector,
    outcome: OutcomeCode,
    at: Timestamp,
    (address, cost): (Option<IpAddr>, u32),
    payments: [Option<Payment>; 2],
) -> bool {
    let Some(counting) = app.counting() else { return false };
    let record = Record { selector, at, outcome, cost, address, payments };
    match counting.journal.append(&record) {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, "a verification is not counted");
            false
        }
    }
}
