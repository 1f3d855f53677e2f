//! Connections: accepted, and ended with grace.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::front::Tls;
use crate::front::connection::Connections;
use crate::front::places::Places;
use crate::front::standing::{Patience, Standing};
use crate::metrics::ConnectionCounts;
use crate::settings::PlainSettings;

/// How long to wait when no connection can be accepted, as when there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is ready, by TLS if there is any; then takes no more connections and lets the requests in
/// flight finish, for as long as the settings allow. Its connections are counted in `counts`.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    limits: &PlainSettings,
    counts: ConnectionCounts,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(());
    let (alive, mut all_gone) = mpsc::channel(1);
    let connections = Connections::new(router, patience(limits), stopped, alive);
    let places = Places::new(limits.max_connections.into(), counts);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let standing = Standing::new();
                match places.take(Arc::clone(&standing)) {
                    Some(place) => connections.open(stream, peer, tls.as_ref(), standing, place),
                    None => tracing::debug!("everybody is being answered, and a connection found no place"),
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, stop, connections));
    let grace = Duration::from_secs(limits.shutdown_timeout_seconds);
    // Nothing is ever sent: it ends when the last connection has.
    if tokio::time::timeout(grace, all_gone.recv()).await.is_err() {
        tracing::warn!("some requests were still in flight at the end");
    }
}

/// How long clients are waited for, as the settings have it.
const fn patience(limits: &PlainSettings) -> Patience {
    Patience {
        handshake: Duration::from_secs(limits.handshake_timeout_seconds),
        head: Duration::from_secs(limits.header_timeout_seconds),
        body: Duration::from_secs(limits.body_timeout_seconds),
        answer: Duration::from_secs(limits.answer_timeout_seconds),
        idle: Duration::from_secs(limits.idle_timeout_seconds),
    }
}
