//! The log of refusals: written every few seconds, and a last time at the end.

use std::pin::pin;
use std::time::Duration;

use crate::actions::refusals::write_refusals;
use crate::app::App;

/// How long to count before it is written.
const REST: Duration = Duration::from_secs(5);

/// Writes what was refused until `shutdown` is ready, and then once more.
pub async fn write(app: App, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        let is_over = tokio::select! {
            () = tokio::time::sleep(REST) => false,
            () = &mut shutdown => true,
        };
        if let Err(refusal) = write_refusals(&app).await {
            tracing::warn!(error = %refusal, cause = ?refusal.cause, "refusals could not be written and are counted on");
        }
        if is_over {
            return;
        }
    }
}
