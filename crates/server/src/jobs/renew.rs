//! The certificate of TLS: looked at again and again, since others renew it.

use std::pin::pin;
use std::time::Duration;

use crate::front::{Cause, Tls};

/// How long to rest between two looks at the files.
const REST: Duration = Duration::from_secs(2);

/// Takes a certificate with its key for new connections whenever their files change, until `shutdown` is ready.
pub async fn renew(tls: Tls, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            () = &mut shutdown => return,
        }
        let looking = tls.clone();
        match tokio::task::spawn_blocking(move || looking.renew()).await {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => tracing::info!("the TLS certificate was renewed"),
            Ok(Err(error)) => {
                let cause = Cause::of(&error).0;
                tracing::error!(cause = &*cause, "the TLS files have changed and cannot be used; the old ones stay");
            }
            Err(error) => tracing::error!(%error, "the TLS files could not be looked at"),
        }
    }
}
