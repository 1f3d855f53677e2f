//! The head of the audit log, told to the log of the process: where that is kept elsewhere, the audit log cannot be cut
//! back to what it was before without being found.

use std::pin::pin;
use std::time::Duration;

use keyward_core::ids::hex;

use crate::actions::audit::get_head;
use crate::app::App;

/// How often the head is told.
pub const EVERY_HOUR: Duration = Duration::from_secs(60 * 60);

/// Tells the head at once and then after each rest, until `shutdown` is ready.
pub async fn anchor(app: App, rest: Duration, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        tell_head(&app).await;
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = &mut shutdown => return,
        }
    }
}

/// Tells the head now.
pub async fn tell_head(app: &App) {
    match get_head(app).await {
        Ok(head) => tracing::info!(revision = head.revision, chain = hex(&head.chain), "the head of the audit log"),
        Err(refusal) => tracing::warn!(error = %refusal, cause = ?refusal.cause, "the head cannot be read"),
    }
}
