//! Connections: accepted, encrypted if the settings say so, timed, and ended with grace.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::front::Tls;
use crate::settings::PlainSettings;

/// Bytes of the headers of a request.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// How long to wait when no connection can be accepted, as when there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is ready, by TLS if there is any; then takes no more connections and lets the requests in
/// flight finish, for as long as the settings allow.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    limits: &PlainSettings,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(());
    let connections = Connections::new(router, limits, stopped);
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => connections.open(stream, peer, tls.as_ref(), open.watcher()),
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, stop));
    let patience = Duration::from_secs(limits.shutdown_timeout_seconds);
    if tokio::time::timeout(patience, open.shutdown()).await.is_err() {
        tracing::warn!("some requests were still in flight at the end");
    }
}

/// What each connection is opened with.
#[derive(Clone)]
struct Connections {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    handshake_timeout: Duration,
    /// Is closed when the server is told to stop.
    stopped: watch::Receiver<()>,
}

impl Connections {
    fn new(router: Router, limits: &PlainSettings, stopped: watch::Receiver<()>) -> Self {
        let timeout = Duration::from_secs(limits.header_timeout_seconds);
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(timeout).max_buf_size(MAX_HEADER_BYTES);
        Self { builder: builder.http1_only(), router, handshake_timeout: timeout, stopped }
    }

    /// Opens a connection in a task of its own, so that nobody waits for its client.
    fn open(&self, stream: TcpStream, peer: SocketAddr, tls: Option<&Tls>, watcher: Watcher) {
        // Small answers are not to wait for more.
        let _: io::Result<()> = stream.set_nodelay(true);
        let connections = self.clone();
        match tls {
            None => tokio::spawn(connections.answer(stream, peer, watcher)),
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.current());
                tokio::spawn(connections.shake_hands(stream, peer, acceptor, watcher))
            }
        };
    }

    /// Agrees on the encryption, which its client has only so long for, and nobody waits for at the end.
    async fn shake_hands(mut self, stream: TcpStream, peer: SocketAddr, acceptor: TlsAcceptor, watcher: Watcher) {
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(self.handshake_timeout, acceptor.accept(stream)) => shaken,
            _ = self.stopped.changed() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.answer(stream, peer, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client and we agreed on no TLS"),
            Err(_) => tracing::debug!("a client did not finish the TLS handshake in time"),
        }
    }

    async fn answer(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        watcher: Watcher,
    ) {
        let service = TowerToHyperService::new(self.router.map_request(move |mut request: Request<_>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        }));
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        // How a connection ends is its client's business; what was asked over it has its own line in the log.
        let _ = watcher.watch(connection).await;
    }
}
