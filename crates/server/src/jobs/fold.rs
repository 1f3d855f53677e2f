//! Counting what verifications came to: the journal is kept and folded into the store, for as long as the server runs.

use std::pin::pin;
use std::time::Duration;

use crate::actions::{credits, usage};
use crate::app::App;

/// How long to rest: a power cut costs the counts of that time at most.
const REST: Duration = Duration::from_secs(1);

/// Keeps and folds the journal until `shutdown` is ready, which should be when nothing is verified any more; then what is
/// left of it is folded, the credits that were not spent are given back, and the journal ends.
pub async fn fold(app: App, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        usage::keep_journal(&app).await;
        if let Err(refusal) = usage::fold(&app).await {
            tracing::warn!(error = %refusal, cause = ?refusal.cause, "the journal could not be folded, which is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            () = &mut shutdown => break,
        }
    }
    let ended = match usage::end(&app).await {
        Ok(()) => credits::settle_own(&app).await,
        refused => refused,
    };
    if let Err(refusal) = ended {
        tracing::warn!(error = %refusal, cause = ?refusal.cause, "the journal waits for the next start");
    }
}
