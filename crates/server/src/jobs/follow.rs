//! Following the store for as long as the server runs, so that the node may go on answering from memory.

use std::pin::pin;
use std::time::Duration;

use crate::actions::follow;
use crate::app::App;

/// How long to rest between two rounds.
const REST: Duration = Duration::from_millis(250);

/// Makes round after round until `shutdown` is ready.
pub async fn follow(app: App, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        if let Err(error) = follow::renew(&app).await {
            tracing::warn!(%error, "the store could not be followed, which is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            () = &mut shutdown => return,
        }
    }
}
