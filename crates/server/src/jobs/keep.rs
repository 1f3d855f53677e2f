//! Housekeeping: what was deleted is tidied behind, what has run out is forgotten, signing keys follow each other.

use std::pin::pin;
use std::time::Duration;

use crate::actions::credits::forget_blocks;
use crate::actions::refusals::forget_refusals;
use crate::actions::signing_keys;
use crate::actions::tidying::{self, Progress};
use crate::actions::usage::forget_usage;
use crate::app::App;
use crate::refusal::Refusal;

/// How long to rest when there is nothing to do.
const IDLE: Duration = Duration::from_secs(2);
/// How long to make way for others between two batches.
const PAUSE: Duration = Duration::from_millis(25);
/// How long to wait after something went wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Keeps house until `shutdown` is ready.
pub async fn keep(app: App, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut progress = Progress::default();
    loop {
        let rest = match round(&app, &mut progress).await {
            Ok(true) => PAUSE,
            Ok(false) => IDLE,
            Err(refusal) => {
                tracing::warn!(error = %refusal, cause = ?refusal.cause, "housekeeping failed and is tried again");
                PATIENCE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = &mut shutdown => return,
        }
    }
}

/// One short piece of work; false when there was none.
async fn round(app: &App, progress: &mut Progress) -> Result<bool, Refusal> {
    Ok(tidying::tidy_keys(app, progress).await?
        || tidying::forget_answers(app).await?
        || forget_refusals(app).await?
        || forget_usage(app).await?
        || forget_blocks(app).await?
        || signing_keys::rotate_if_due(app).await?
        || signing_keys::wipe_retired(app).await?)
}
