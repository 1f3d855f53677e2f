//! One connection, from its first byte until its client goes away or is waited for no longer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::TlsAcceptor;
use tower::{Service, ServiceExt, service_fn};

use crate::front::Tls;
use crate::front::arriving::{Arriving, Failure};
use crate::front::places::Place;
use crate::front::standing::{Overdue, Patience, Standing};
use crate::front::watched::Watched;

/// Bytes of the head of a request; in HTTP/2 as RFC 9113 section 6.5.2 counts them.
const MAX_HEAD_BYTES: u16 = 16 * 1024;
/// Requests at a time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 100;
/// Streams that a client of HTTP/2 has reset before we looked at them; beyond that its connection is ended.
const MAX_RESET_STREAMS: usize = 20;
/// Bytes of bodies that a client of HTTP/2 may send before somebody reads them, on a stream and on all of them.
const WINDOWS: (u32, u32) = (64 * 1024, 256 * 1024);
/// Bytes of answers that are kept for each stream of HTTP/2.
const MAX_SEND_BYTES: usize = 64 * 1024;
/// How long a client has to see that its connection ends.
const PARTING: Duration = Duration::from_secs(1);

/// What each connection is opened with.
#[derive(Clone)]
pub(super) struct Connections {
    builder: auto::Builder<TokioExecutor>,
    router: Router,
    patience: Patience,
    /// Is closed when the server is told to stop.
    stopped: watch::Receiver<()>,
    /// Whoever holds the other end sees when the last connection is gone.
    _alive: mpsc::Sender<()>,
}

impl Connections {
    /// What connections to this router are opened with.
    pub(super) fn new(
        router: Router,
        patience: Patience,
        stopped: watch::Receiver<()>,
        alive: mpsc::Sender<()>,
    ) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES.into());
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD_BYTES.into())
            .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_send_buf_size(MAX_SEND_BYTES);
        Self { builder, router, patience, stopped, _alive: alive }
    }

    /// Opens a connection in a task of its own, so that nobody waits for its client.
    pub(super) fn open(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<&Tls>,
        standing: Arc<Standing>,
        place: Place,
    ) {
        // Small answers are not to wait for more.
        let _: std::io::Result<()> = stream.set_nodelay(true);
        let connections = self.clone();
        let acceptor = tls.map(|tls| TlsAcceptor::from(tls.current()));
        tokio::spawn(async move {
            match acceptor {
                None => connections.answer(stream, peer, standing).await,
                Some(acceptor) => connections.shake_hands(stream, peer, acceptor, standing).await,
            }
            drop(place);
        });
    }

    /// Agrees on the encryption, which its client has only so long for, and nobody waits for at the end.
    async fn shake_hands(
        mut self,
        stream: TcpStream,
        peer: SocketAddr,
        acceptor: TlsAcceptor,
        standing: Arc<Standing>,
    ) {
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(self.patience.handshake, acceptor.accept(stream)) => shaken,
            _ = self.stopped.changed() => return,
            () = standing.given_up.notified() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.answer(stream, peer, standing).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client and we agreed on no TLS"),
            Err(_) => tracing::debug!("a client did not finish the TLS handshake in time"),
        }
    }

    /// Answers what is asked until the client goes away, is waited for no longer, or the server stops.
    pub(super) async fn answer(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        standing: Arc<Standing>,
    ) {
        standing.is_open();
        let service = watched(self.router, peer, self.patience, Arc::clone(&standing));
        let stream = TokioIo::new(Watched::new(stream, Arc::clone(&standing)));
        let mut connection = pin!(self.builder.serve_connection(stream, TowerToHyperService::new(service)));
        let mut waiting = Waiting::new(Arc::clone(&standing), self.patience);
        let (mut is_stopping, mut parted) = (false, None);
        loop {
            let overdue = poll_fn(|cx| {
                // How a connection ends is its client's business; what was asked over it has its own line in the log.
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                waiting.poll(cx, parted).map(Some)
            });
            tokio::select! {
                overdue = overdue => match overdue {
                    Some(Overdue::Idle) if parted.is_none() => {
                        parted = Some(Instant::now() + PARTING);
                        connection.as_mut().graceful_shutdown();
                    }
                    Some(_) => return tracing::debug!("a client was too slow"),
                    None => return,
                },
                () = standing.given_up.notified() => return tracing::debug!("an idle connection gave its place"),
                _ = self.stopped.changed(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The router, with what happens to each request noted.
fn watched<B>(
    router: Router,
    peer: SocketAddr,
    patience: Patience,
    standing: Arc<Standing>,
) -> impl Service<Request<B>, Response = Response, Error = Infallible, Future: Send> + Clone + Send
where
    B: HttpBody<Data = Bytes, Error: Into<Failure>> + Send + Unpin + 'static,
{
    service_fn(move |mut request: Request<B>| {
        let asked = standing.asks(request.version());
        request.extensions_mut().insert(ConnectInfo(peer));
        let request = request.map(|body| Body::new(Arriving::new(body, Instant::now() + patience.body)));
        let answer = router.clone().oneshot(request);
        async move { answer.await.map(|response| asked.answered(response)) }
    })
}

/// The end of waiting for a connection's client.
struct Waiting {
    standing: Arc<Standing>,
    patience: Patience,
    /// Rings too early rather than being set anew at each request.
    alarm: Pin<Box<Sleep>>,
}

impl Waiting {
    fn new(standing: Arc<Standing>, patience: Patience) -> Self {
        Self { standing, patience, alarm: Box::pin(sleep_until(Instant::now())) }
    }

    /// Ready when the client is overdue, or by then where the connection is ending already. To be called whenever the
    /// connection has moved on.
    fn poll(&mut self, cx: &mut Context<'_>, parted: Option<Instant>) -> Poll<Overdue> {
        loop {
            let parted = parted.map(|at| (at, Overdue::Idle));
            let due = parted.or_else(|| self.standing.due(&self.patience));
            let Some((at, overdue)) = due else { return Poll::Pending };
            if at <= Instant::now() {
                return Poll::Ready(overdue);
            }
            if self.alarm.deadline() > at || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(at);
            }
            if self.alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
