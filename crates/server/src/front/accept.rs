//! Connections: accepted, timed, and ended with grace.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::settings::PlainSettings;

/// Bytes of the headers of a request.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// How long to wait when no connection can be accepted, as when there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is ready; then takes no more connections and lets the requests in flight finish, for as long
/// as the settings allow.
pub async fn serve(listener: TcpListener, router: Router, limits: &PlainSettings, shutdown: impl Future<Output = ()>) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_timeout_seconds))
        .max_buf_size(MAX_HEADER_BYTES);
    let builder = builder.http1_only();

    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, _)) => open_connection(stream, &builder, &router, &open),
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let patience = Duration::from_secs(limits.shutdown_timeout_seconds);
    if tokio::time::timeout(patience, open.shutdown()).await.is_err() {
        tracing::warn!("some requests were still in flight at the end");
    }
}

fn open_connection(
    stream: TcpStream,
    builder: &auto::Builder<TokioExecutor>,
    router: &Router,
    open: &GracefulShutdown,
) {
    // Small answers are not to wait for more.
    let _: io::Result<()> = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.clone());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = open.watch(connection);
    tokio::spawn(async move {
        // How a connection ends is its client's business; what was asked over it has its own line in the log.
        let _ = connection.await;
    });
}
